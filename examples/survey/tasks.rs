//! All tasks that carry a tag, oldest first. A list comes in pages; this turns them.

use agent_orchestrator::{AgentOrchestrator, ListQuery, OrchestratedTask, Result, Sort};

pub(crate) fn all_tasks(orchestrator: &AgentOrchestrator, tag: &str) -> Result<Vec<OrchestratedTask>> {
    let mut query = ListQuery {
        tag: Some(tag.to_owned()),
        sort: Some(Sort::CreatedAt),
        limit: Some(1000),
        ..ListQuery::default()
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
