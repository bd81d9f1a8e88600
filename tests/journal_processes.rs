//! Two processes and one journal: the second is refused at once, and goes on once the first was killed.

#![cfg(all(not(target_family = "wasm"), feature = "native"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use agent_orchestrator::ErrorCode::Locked;
use agent_orchestrator::FileJournal;
use agent_orchestrator::journal::{Framer, Journal, push_record, recover};
use tempfile::TempDir;

/// In the environment of the other process, which is this test once more.
const FOLDER: &str = "JOURNAL_OF_ANOTHER_PROCESS";

/// Opens the journal and appends some frames.
async fn fill(folder: &Path) -> FileJournal {
    let journal = FileJournal::open(folder).await.unwrap();
    let mut framer = Framer::new(5);
    for position in 0..20 {
        let mut payload = Vec::new();
        push_record(&mut payload, b"an event");
        let frame = framer.events(&payload).unwrap();
        journal.append(position, frame).await.unwrap();
    }
    journal
}

#[tokio::test]
async fn another_process_is_refused_until_the_owner_is_gone() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let _journal = fill(Path::new(&folder)).await;
        println!("\nfilled");
        // Ends only if the process before ends.
        let _ = std::io::stdin().read(&mut [0]);
        return;
    }
    let folder = TempDir::new().unwrap();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "another_process_is_refused_until_the_owner_is_gone",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "filled"));

    let refused = FileJournal::open(folder.path()).await.unwrap_err();
    assert_eq!(refused.code(), Locked, "{refused}");
    // SIGKILL where there are signals: nothing is released in good order.
    owner.kill().unwrap();
    owner.wait().unwrap();
    let journal = FileJournal::open(folder.path()).await.unwrap();
    let stored = journal.load(true).await.unwrap();
    let found = recover(stored.frames.iter().map(Vec::as_slice)).unwrap();
    assert_eq!((stored.cut, found.position()), (0, 20));
}
