// Bugs to plant, one at a time, to see that the campaign finds them. `from` stands exactly once in the file.
export const bugs = [
  {
    name: "an effect runs before its event is kept",
    file: "src/orchestrator/engine.rs",
    from: "self.kernel.poll_effect(self.durable())",
    to: "self.kernel.poll_effect(self.kernel.seq())",
  },
  {
    name: "the attempt of a late result is not looked at",
    file: "src/kernel/lifecycle.rs",
    from: "if attempt == task.attempt && task.is_active() {",
    to: "if task.is_active() {",
  },
  {
    name: "an interrupted attempt keeps its slot",
    file: "src/kernel/evolve.rs",
    from: "Phase::Active => self.schedule.end(group, provider),",
    to: "Phase::Active if to == Phase::Waiting(Place::Interrupted) => {}\n            Phase::Active => self.schedule.end(group, provider),",
  },
  {
    name: "told before it is synced",
    file: "src/journal/file_store.rs",
    from: "let synced = self.disk.sync(&self.current_file());",
    to: "let synced: Result<()> = Ok(());",
  },
  {
    name: "the lower priority goes first",
    file: "src/kernel/schedule.rs",
    from: "saturating_sub(PLACES_PER_PRIORITY * priority as i64)",
    to: "saturating_add(PLACES_PER_PRIORITY * priority as i64)",
  },
  {
    name: "dependencies are forgotten when a snapshot is read",
    file: "src/kernel/state.rs",
    from: "unmet += u32::from(!completed);",
    to: "unmet += u32::from(!completed && false);",
  },
  {
    name: "a dependency that begins anew counts as done",
    file: "src/kernel/evolve.rs",
    from: "plan.unmet.saturating_add(1)",
    to: "plan.unmet",
  },
  {
    name: "a torn end is not cut",
    file: "src/journal/opening.rs",
    from: "disk.truncate(name, length)?;",
    to: "",
  },
  {
    name: "a snapshot forgets when the next attempt is due",
    file: "src/kernel/plan.rs",
    from: "pub(crate) retry_at: Option<Millis>,",
    to: "#[serde(skip)] pub(crate) retry_at: Option<Millis>,",
  },
  {
    name: "who came last goes first",
    file: "src/kernel/schedule.rs",
    from: "lane.waiting.first_key_value().filter(|_| room)",
    to: "lane.waiting.last_key_value().filter(|_| room)",
  },
  {
    name: "told one event too early",
    file: "src/orchestrator/writer.rs",
    from: "if self.engine.durable() >= seq {",
    to: "if self.engine.durable() + 1 >= seq {",
  },
  {
    name: "an interrupted attempt keeps its number",
    file: "src/kernel/evolve.rs",
    from: "task.attempt = attempt.next();\n                    let extras",
    to: "task.attempt = attempt;\n                    let extras",
  },
  {
    name: "tasks go on below one that failed",
    file: "src/kernel/scheduling.rs",
    from: "if task.status.is_terminal() {",
    to: "if task.status == TaskStatus::Completed {",
  },
  {
    name: "who waits for the end of the last attempt is forgotten",
    file: "src/orchestrator/driver.rs",
    from: ".partition(|(from, _)| *from <= attempt);",
    to: ".partition(|(from, _)| *from < attempt);",
  },
  {
    name: "a provider is not told that its attempt was called off",
    file: "src/orchestrator/driver.rs",
    from: "self.signal(task, attempt, |signal| signal.cancelled = true)",
    to: "self.signal(task, attempt, |signal| signal.cancelled = false)",
  },
  {
    name: "time is forgotten when the journal is opened again",
    file: "src/kernel/recovery.rs",
    from: "self.rearm(*key);",
    to: "let _ = key;",
  },
];
