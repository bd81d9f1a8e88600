//! All tasks that meet a query, oldest first. A list comes in pages; this turns them.

use agent_orchestrator::{AgentOrchestrator, ListQuery, OrchestratedTask, Result, Sort};

pub(crate) fn all_tasks(orchestrator: &AgentOrchestrator, query: ListQuery) -> Result<Vec<OrchestratedTask>> {
    let mut query = ListQuery {
        sort: Some(Sort::CreatedAt),
        limit: Some(1000),
        ..query
    };
    let mut tasks = Vec::new();
    loop {
        let page = orchestrator.list_tasks(&query)?;
        tasks.extend(page.tasks);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(tasks);
        }
    }
}

/// The parts that a scout has planned: it leaves its id on them.
pub(crate) fn parts_of(orchestrator: &AgentOrchestrator, scout: &str) -> Result<Vec<OrchestratedTask>> {
    let tag = Some(scout.to_owned());
    all_tasks(
        orchestrator,
        ListQuery {
            tag,
            ..ListQuery::default()
        },
    )
}
