//! Runs the scenario file in simulated time. `tests/fixtures/run-scenario.mjs` runs the same file through the npm
//! package; a step there and a step here must mean the same.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_orchestrator::runtime::{Runtime, SimulatedRuntime};
use agent_orchestrator::{
    AgentOrchestrator, CreateTask, ErrorCode, ListQuery, OrchestratorError, Result, TaskResult, TaskRun,
    TaskStatus, TaskUserStatus,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::scripted::{Order, Stage};

pub(crate) const LIFECYCLE: &str = include_str!("../fixtures/lifecycle.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scenario {
    seed: u64,
    start: u64,
    options: Options,
    providers: Vec<Provider>,
    steps: Vec<Step>,
    pub(crate) journal_hash: String,
    pub(crate) state_hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    default_provider_id: String,
    working_directory: String,
    max_concurrency: u32,
    max_output_lines: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Provider {
    id: String,
    label: Option<String>,
    description: Option<String>,
    max_concurrency: Option<u32>,
}

#[derive(Deserialize)]
struct Step {
    /// Milliseconds since the start.
    at: u64,
    /// The code of the refusal that is due.
    refused: Option<String>,
    /// For what a provider says: whether it counts.
    counts: Option<bool>,
    #[serde(flatten)]
    deed: Deed,
}

/// One attempt.
#[derive(Deserialize)]
struct Who {
    task: String,
    attempt: u32,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Deed {
    /// `save` is a name for the id, for tasks that choose none.
    CreateTask {
        args: Box<CreateTask>,
        save: Option<String>,
    },
    CreateTasks {
        args: Vec<CreateTask>,
    },
    StartTask {
        task: String,
    },
    RestartTask {
        task: String,
    },
    PauseTask {
        task: String,
    },
    ResumeTask {
        task: String,
    },
    CancelTask {
        task: String,
        reason: Option<String>,
    },
    DeleteTask {
        task: String,
    },
    RenameTask {
        task: String,
        name: String,
    },
    ReassignTask {
        task: String,
        provider_id: String,
    },
    SetUserStatus {
        task: String,
        status: TaskUserStatus,
    },
    SwitchTask {
        to: Option<String>,
        scope: Option<String>,
    },
    AppendOutput {
        task: String,
        text: String,
    },
    UpdateProgress {
        task: String,
        percent: f64,
    },
    AddStep {
        task: String,
        description: String,
    },
    UpdateStep {
        task: String,
        step: String,
        status: TaskStatus,
        output: Option<String>,
    },
    UnregisterProvider {
        id: String,
    },
    RegisterProvider {
        args: Provider,
    },
    ProviderOutput {
        #[serde(flatten)]
        who: Who,
        text: String,
    },
    ProviderProgress {
        #[serde(flatten)]
        who: Who,
        percent: f64,
    },
    ProviderAddStep {
        #[serde(flatten)]
        who: Who,
        description: String,
    },
    ProviderUpdateStep {
        #[serde(flatten)]
        who: Who,
        step: String,
        status: TaskStatus,
        output: Option<String>,
    },
    /// The provider's promise resolves to this: nothing, a text, or an object.
    ProviderReturns {
        #[serde(flatten)]
        who: Who,
        value: Value,
    },
    /// The task's snapshot has these fields; `null` for one that is absent.
    Expect {
        task: String,
        is: Map<String, Value>,
    },
    /// The last run that was asked for has ended so.
    ExpectOutcome {
        task: String,
        is: Map<String, Value>,
    },
    ExpectList {
        query: ListQuery,
        is: Vec<String>,
    },
    ExpectContext {
        is: String,
    },
}

/// The hashes at the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hashes {
    pub(crate) journal: String,
    pub(crate) state: String,
}

struct Play {
    runtime: SimulatedRuntime,
    orchestrator: AgentOrchestrator,
    stage: Stage,
    ids: BTreeMap<String, String>,
    runs: BTreeMap<String, TaskRun>,
}

pub(crate) fn read(text: &str) -> Scenario {
    serde_json::from_str(text).unwrap()
}

pub(crate) fn run(scenario: Scenario) -> Hashes {
    let runtime = SimulatedRuntime::new(scenario.start, scenario.seed);
    let stage = Stage::default();
    let Options {
        default_provider_id,
        working_directory,
        max_concurrency,
        max_output_lines,
    } = scenario.options;
    let mut builder = AgentOrchestrator::builder()
        .runtime(runtime.clone())
        .default_provider(default_provider_id)
        .working_directory(move || working_directory.clone())
        .max_concurrency(max_concurrency)
        .max_output_lines(max_output_lines)
        // In JS nobody can drop what a provider does, so what comes late must be able to come here, too.
        .grace_period(Duration::from_secs(1_000_000));
    for provider in scenario.providers {
        builder = builder.provider(provider.on(&stage));
    }
    let orchestrator = runtime.block_on(builder.build()).unwrap().unwrap();
    let mut play = Play {
        runtime,
        orchestrator,
        stage,
        ids: BTreeMap::new(),
        runs: BTreeMap::new(),
    };
    for (number, step) in scenario.steps.into_iter().enumerate() {
        let ahead = (scenario.start + step.at).checked_sub(play.runtime.now());
        let ahead = ahead.unwrap_or_else(|| panic!("step {number} is in the past"));
        play.runtime.advance(Duration::from_millis(ahead));
        let told = play.perform(number, step.deed);
        play.runtime.run_until_idle();
        match (told, step.refused) {
            (Ok(counted), None) => assert_eq!(counted, step.counts.unwrap_or(true), "step {number}"),
            (Err(error), Some(code)) => assert_eq!(error.code().as_str(), code, "step {number}: {error}"),
            (told, refused) => panic!("step {number} gave {told:?}, {refused:?} was due"),
        }
    }
    Hashes {
        journal: play.orchestrator.journal_hash().unwrap(),
        state: play.orchestrator.state_hash().unwrap(),
    }
}

impl Provider {
    fn on(self, stage: &Stage) -> super::scripted::Scripted {
        let mut provider = stage.provider(&self.id);
        provider.label = self.label;
        provider.description = self.description;
        provider.max_concurrency = self.max_concurrency;
        provider
    }
}

impl Play {
    fn id(&self, name: &str) -> String {
        self.ids.get(name).map_or(name, String::as_str).to_owned()
    }

    fn create(&self, mut task: CreateTask) -> CreateTask {
        task.parent_id = task.parent_id.map(|parent| self.id(&parent));
        task
    }

    /// Whether it counted, for what a provider says; true otherwise.
    fn perform(&mut self, number: usize, deed: Deed) -> Result<bool> {
        let at = self.orchestrator.clone();
        let runtime = self.runtime.clone();
        match deed {
            Deed::CreateTask { args, save } => {
                let task = runtime.block_on(at.create_task(self.create(*args))).unwrap()?;
                if let Some(name) = save {
                    self.ids.insert(name, task.id);
                }
                Ok(())
            }
            Deed::CreateTasks { args } => {
                let tasks: Vec<_> = args.into_iter().map(|task| self.create(task)).collect();
                runtime.block_on(at.create_tasks(&tasks)).unwrap().map(drop)
            }
            Deed::StartTask { task } => {
                let run = runtime.block_on(at.start_task(&self.id(&task))).unwrap()?;
                self.runs.insert(task, run);
                Ok(())
            }
            Deed::RestartTask { task } => {
                let run = runtime.block_on(at.restart_task(&self.id(&task))).unwrap()?;
                self.runs.insert(task, run);
                Ok(())
            }
            Deed::PauseTask { task } => runtime
                .block_on(at.pause_task(&self.id(&task)))
                .unwrap()
                .map(drop),
            Deed::ResumeTask { task } => runtime
                .block_on(at.resume_task(&self.id(&task)))
                .unwrap()
                .map(drop),
            Deed::CancelTask { task, reason } => {
                let id = self.id(&task);
                runtime
                    .block_on(at.cancel_task(&id, reason.as_deref()))
                    .unwrap()
                    .map(drop)
            }
            Deed::DeleteTask { task } => runtime.block_on(at.delete_task(&self.id(&task))).unwrap(),
            Deed::RenameTask { task, name } => {
                let id = self.id(&task);
                runtime.block_on(at.rename_task(&id, &name)).unwrap().map(drop)
            }
            Deed::ReassignTask { task, provider_id } => {
                let id = self.id(&task);
                let done = at.reassign_task(&id, &provider_id);
                runtime.block_on(done).unwrap().map(drop)
            }
            Deed::SetUserStatus { task, status } => {
                let id = self.id(&task);
                runtime
                    .block_on(at.set_user_status(&id, status))
                    .unwrap()
                    .map(drop)
            }
            Deed::SwitchTask { to, scope } => {
                let to = to.map(|to| self.id(&to));
                let switched = match scope {
                    Some(scope) => runtime.block_on(at.switch_task_in(&scope, to.as_deref())),
                    None => runtime.block_on(at.switch_task(to.as_deref())),
                };
                switched.unwrap().map(drop)
            }
            Deed::AppendOutput { task, text } => {
                let id = self.id(&task);
                runtime.block_on(at.append_output(&id, &text)).unwrap()
            }
            Deed::UpdateProgress { task, percent } => {
                let id = self.id(&task);
                runtime.block_on(at.update_progress(&id, percent)).unwrap()
            }
            Deed::AddStep { task, description } => {
                let id = self.id(&task);
                runtime
                    .block_on(at.add_step(&id, &description))
                    .unwrap()
                    .map(drop)
            }
            Deed::UpdateStep {
                task,
                step,
                status,
                output,
            } => {
                let id = self.id(&task);
                let done = at.update_step(&id, &step, status, output.as_deref());
                runtime.block_on(done).unwrap()
            }
            Deed::UnregisterProvider { id } => at.unregister_provider(&id),
            Deed::RegisterProvider { args } => at.register_provider(args.on(&self.stage)),
            Deed::ProviderOutput { who, text } => return self.report(number, who, Order::Output(text)),
            Deed::ProviderProgress { who, percent } => {
                return self.report(number, who, Order::Progress(percent));
            }
            Deed::ProviderAddStep { who, description } => {
                return self.report(number, who, Order::AddStep(description));
            }
            Deed::ProviderUpdateStep {
                who,
                step,
                status,
                output,
            } => {
                return self.report(number, who, Order::UpdateStep(step, status, output));
            }
            Deed::ProviderReturns { who, value } => {
                let result = match value {
                    Value::Null => TaskResult::success(""),
                    Value::String(summary) => TaskResult::success(summary),
                    fields => serde_json::from_value(fields).unwrap(),
                };
                return self.report(number, who, Order::End(result));
            }
            Deed::Expect { task, is } => {
                let found = at.get_task(&self.id(&task))?.ok_or_else(|| {
                    OrchestratorError::new(ErrorCode::TaskNotFound, "there is no such task")
                })?;
                assert_fields(number, &serde_json::to_value(found).unwrap(), &is);
                Ok(())
            }
            Deed::ExpectOutcome { task, is } => {
                let run = self.runs.remove(&task).unwrap();
                let outcome = runtime.block_on(run);
                let outcome = outcome.unwrap_or_else(|| panic!("step {number}: the run has not ended"))?;
                assert_fields(number, &serde_json::to_value(outcome).unwrap(), &is);
                Ok(())
            }
            Deed::ExpectList { query, is } => {
                let tasks = at.list_tasks(&query)?.tasks;
                let found: Vec<_> = tasks.into_iter().map(|task| task.id).collect();
                let due: Vec<_> = is.iter().map(|name| self.id(name)).collect();
                assert_eq!(found, due, "step {number}");
                Ok(())
            }
            Deed::ExpectContext { is } => {
                assert_eq!(at.task_context()?, is, "step {number}");
                Ok(())
            }
        }
        .map(|()| true)
    }

    fn report(&self, number: usize, who: Who, order: Order) -> Result<bool> {
        let told = self.stage.order(&self.id(&who.task), who.attempt, order);
        let told = self.runtime.block_on(told);
        told.unwrap_or_else(|| panic!("step {number}: the provider is stuck"))
            .unwrap_or_else(|_| panic!("step {number}: the provider does not run this attempt"))
    }
}

fn assert_fields(number: usize, found: &Value, due: &Map<String, Value>) {
    for (name, due) in due {
        let found = found.get(name).unwrap_or(&Value::Null);
        assert_eq!(found, due, "step {number}: {name}");
    }
}
