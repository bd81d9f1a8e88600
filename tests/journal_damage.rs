//! Files that are not what they were: every change is refused with its code, or told as a cut. Nothing is lost in
//! silence, and nothing panics.

#![cfg(all(not(target_family = "wasm"), feature = "native"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod damage;
}

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use agent_orchestrator::ErrorCode::{
    Conflict, InvalidArgument, JournalDamaged, JournalFailed, JournalVersion, Locked,
};
use agent_orchestrator::journal::{FileStore, Framer, Journal, MemoryJournal, Stored, push_record, recover};
use agent_orchestrator::sim::{Rng, SimulatedDisk};
use agent_orchestrator::{ErrorCode, FileJournal, Result, Seq};
use rust::damage::{FIRST, SECOND, THIRD, events, fill, kept, open_changed};
use tempfile::TempDir;

#[tokio::test]
async fn sixty_flipped_bits_in_closed_journals_are_all_found() {
    let mut rng = Rng::new(60);
    let (mut refused, mut cut) = (0, 0);
    for trial in 0..60 {
        let folder = TempDir::new().unwrap();
        let journal = FileJournal::open(folder.path()).await.unwrap();
        fill(&journal, trial, true).await;
        let file = *rng.pick(&[FIRST, SECOND, THIRD]).unwrap();
        let path = folder.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let bit = rng.below(bytes.len() as u64 * 8) as usize;
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        match FileJournal::open(folder.path()).await {
            Err(error) => {
                assert!(
                    matches!(error.code(), JournalDamaged | JournalVersion),
                    "{trial}: {error}"
                );
                assert_eq!(fs::read(&path).unwrap(), bytes, "trial {trial}: it was changed");
                refused += 1;
            }
            // Of a cut, only what says that it was closed may be a part.
            Ok(journal) => match journal.load(true).await {
                Ok(stored) => {
                    assert!(stored.cut > 0, "trial {trial}: bit {bit} of {file} was not found");
                    assert_eq!(kept(&stored), (1, 12));
                    cut += 1;
                }
                Err(error) => {
                    assert_eq!(error.code(), JournalDamaged);
                    refused += 1;
                }
            },
        }
    }
    assert_eq!(refused + cut, 60, "{refused} refused, {cut} cut");
    assert!(refused > 50, "{refused} refused, {cut} cut");
}

#[tokio::test]
async fn sixty_flipped_bits_in_what_memory_held_are_all_found() {
    let mut rng = Rng::new(61);
    for trial in 0..60 {
        let journal = MemoryJournal::new();
        fill(&journal, trial, true).await;
        let mut bytes = journal.load(true).await.unwrap().frames.concat();
        let bit = rng.below(bytes.len() as u64 * 8) as usize;
        bytes[bit / 8] ^= 1 << (bit % 8);
        match recover([&bytes[..]]) {
            Err(error) => assert!(matches!(error.code(), JournalDamaged | JournalVersion), "{error}"),
            Ok(found) => assert!(
                found.cut() == 48 && found.position() == 12,
                "trial {trial}: {found:?}"
            ),
        }
    }
}

/// Three generations, as they are on a disk.
async fn files(closed: bool) -> BTreeMap<String, Vec<u8>> {
    let folder = TempDir::new().unwrap();
    let journal = FileJournal::open(folder.path()).await.unwrap();
    fill(&journal, 7, closed).await;
    let read = |name: &str| (name.to_owned(), fs::read(folder.path().join(name)).unwrap());
    [FIRST, SECOND, THIRD].map(read).into()
}

#[tokio::test]
async fn every_flipped_bit_is_found() {
    let files = files(true).await;
    let newest = files[THIRD].len();
    for name in [SECOND, THIRD] {
        for bit in 0..files[name].len() * 8 {
            let found = open_changed(&files, name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            match found {
                Err(code) => assert!(
                    matches!(code, JournalDamaged | JournalVersion),
                    "{name}, bit {bit}: {code}"
                ),
                Ok(stored) => {
                    assert!(name == THIRD && bit / 8 >= newest - 48, "{name}, bit {bit}");
                    assert_eq!((stored.cut, kept(&stored)), (48, (1, 12)));
                }
            }
        }
    }
    // What is not needed to go on is looked at when it is asked for.
    for bit in 0..files[FIRST].len() * 8 {
        let found = open_changed(&files, FIRST, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        assert!(matches!(found, Err(JournalDamaged | JournalVersion)), "bit {bit}");
    }
}

#[tokio::test]
async fn a_file_that_ends_at_any_byte_loses_its_tail_and_says_so() {
    for closed in [false, true] {
        let mut files = files(closed).await;
        // More than 4 KiB of frames at the end.
        let mut framer = recover([&files[THIRD][..]]).unwrap().framer().unwrap();
        let mut ends = vec![files[THIRD].len()];
        while files[THIRD].len() < 5000 {
            let frame = framer.events(&events(framer.position() + 1, 3)).unwrap();
            files.get_mut(THIRD).unwrap().extend(frame);
            ends.push(files[THIRD].len());
        }
        let whole = files[THIRD].clone();
        for end in whole.len() - 4096..whole.len() {
            let stored = open_changed(&files, THIRD, |bytes| bytes.truncate(end)).unwrap();
            let kept = ends.iter().copied().filter(|at| *at <= end).max().unwrap();
            assert_eq!(stored.cut, (end - kept) as u64, "{end} bytes");
            assert_eq!(stored.frames.last().unwrap()[..], whole[..kept], "{end} bytes");
        }
    }
}

#[tokio::test]
async fn a_newest_file_that_lost_its_begin_is_refused() {
    let files = files(true).await;
    for end in [0, 1, 40, 47, 48, 60] {
        let found = open_changed(&files, THIRD, |bytes| {
            bytes.drain(..end.max(1));
        });
        assert_eq!(found.unwrap_err(), JournalDamaged, "without {end} bytes");
    }
}

#[tokio::test]
async fn what_a_crash_left_half_done_is_cleared_away() {
    let files = files(true).await;
    let open = |names: &[&str]| {
        let disk = SimulatedDisk::new(1);
        for name in names {
            disk.put(name, Some(files[*name].clone()));
        }
        disk
    };
    // A snapshot that was not finished: at its begin, in its header, in its state.
    for length in [0, 20, 50] {
        let disk = open(&[FIRST, SECOND, THIRD]);
        disk.put(THIRD, Some(files[THIRD][..length].to_vec()));
        let store = FileStore::open(disk.clone()).unwrap();
        assert_eq!((store.position(), store.cut()), (8, length as u64));
        assert_eq!(disk.files().len(), 2);
        // Without the generation before nothing would be left.
        disk.put(FIRST, None);
        disk.put(SECOND, None);
        disk.put(THIRD, Some(files[THIRD][..length].to_vec()));
        assert_eq!(FileStore::open(disk).unwrap_err().code(), JournalDamaged);
    }
    // A removal of the first two that was half done.
    let disk = open(&[FIRST, THIRD]);
    disk.put("0000000x.journal", Some(vec![1]));
    let mut store = FileStore::open(disk.clone()).unwrap();
    let frames = store.load(true).unwrap();
    assert_eq!(kept(&Stored { frames, cut: 0 }), (9, 12));
    assert_eq!(
        disk.files().into_keys().collect::<Vec<_>>(),
        [THIRD, "0000000x.journal"]
    );
}

#[tokio::test]
async fn a_length_beyond_all_limits_is_refused_before_anything_is_made_of_it() {
    let files = files(true).await;
    for name in [FIRST, SECOND, THIRD] {
        let found = open_changed(&files, name, |bytes| bytes[8..12].fill(0xff));
        assert_eq!(found.unwrap_err(), JournalDamaged, "{name}");
    }
}

#[tokio::test]
async fn frames_and_files_of_elsewhere_are_refused() {
    let ours = files(true).await;
    let folder = TempDir::new().unwrap();
    let journal = FileJournal::open(folder.path()).await.unwrap();
    fill(&journal, 8, true).await;
    let theirs = |name: &str| fs::read(folder.path().join(name)).unwrap();
    for name in [FIRST, SECOND, THIRD] {
        let found = open_changed(&ours, name, |bytes| *bytes = theirs(name));
        assert_eq!(found.unwrap_err(), JournalDamaged, "{name} of another");
        let found = open_changed(&ours, THIRD, |bytes| bytes.extend(theirs(name)));
        assert_eq!(
            found.unwrap_err(),
            JournalDamaged,
            "{name} of another behind ours"
        );
    }
    // Old generations in the place of newer ones.
    for (old, new) in [(FIRST, SECOND), (FIRST, THIRD), (SECOND, THIRD)] {
        let found = open_changed(&ours, new, |bytes| bytes.clone_from(&ours[old]));
        assert_eq!(found.unwrap_err(), JournalDamaged, "{old} as {new}");
    }
    // An older state of a generation.
    let found = open_changed(&ours, SECOND, |bytes| bytes.truncate(bytes.len() - 48));
    assert!(
        found.is_ok(),
        "that it was not closed is all that is gone: {found:?}"
    );
    let shorter = recover([&ours[SECOND][..]]).unwrap().last_frame().unwrap().len();
    let found = open_changed(&ours, SECOND, |bytes| bytes.truncate(bytes.len() - shorter - 1));
    assert_eq!(found.unwrap_err(), JournalDamaged);
}

#[tokio::test]
async fn a_newer_version_is_refused_and_nothing_is_cut() {
    let files = files(false).await;
    let last = {
        let found = recover([&files[THIRD][..]]).unwrap();
        found.last_frame().unwrap().len()
    };
    for (name, at) in [
        (FIRST, 0),
        (SECOND, 0),
        (THIRD, 0),
        (THIRD, files[THIRD].len() - last),
    ] {
        let found = open_changed(&files, name, |bytes| bytes[at + 4] = 2);
        assert_eq!(found.unwrap_err(), JournalVersion, "{name} at {at}");
    }
}

#[tokio::test]
async fn frames_inside_of_events_are_only_events() {
    let files = files(true).await;
    let all: Vec<u8> = files.values().flatten().copied().collect();
    let disk = SimulatedDisk::new(1);
    let mut store = FileStore::open(disk.clone()).unwrap();
    let mut framer = Framer::new(3);
    let mut ends = Vec::new();
    for _ in 0..3 {
        let mut payload = Vec::new();
        push_record(&mut payload, &all);
        // The journal in itself.
        push_record(
            &mut payload,
            &disk.files().into_values().flatten().collect::<Vec<u8>>(),
        );
        let position = framer.position();
        let frame = framer.events(&payload).unwrap();
        store.write(position, &frame).unwrap();
        store.sync().unwrap();
        ends.push(disk.files()[FIRST].len());
    }
    let whole = disk.files()[FIRST].clone();
    for end in ends[0] - 20..whole.len() {
        disk.put(FIRST, Some(whole[..end].to_vec()));
        let mut store = FileStore::open(disk.clone()).unwrap();
        let kept = ends.iter().filter(|at| **at <= end).count() as Seq;
        assert_eq!(store.position(), kept * 2, "{end} bytes");
        assert_eq!(store.load(true).unwrap().is_empty(), kept == 0);
    }
}

#[tokio::test]
async fn a_second_owner_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let journal = FileJournal::open(folder.path()).await.unwrap();
    let refused = FileJournal::open(folder.path()).await.unwrap_err();
    assert_eq!(refused.code(), Locked, "{refused}");
    fill(&journal, 1, false).await;
    journal.close().await.unwrap();
    assert_eq!(journal.load(false).await.unwrap_err().code(), JournalFailed);
    let again = FileJournal::open(folder.path()).await.unwrap();
    assert_eq!(FileJournal::open(folder.path()).await.unwrap_err().code(), Locked);
    // Whoever drops it gives it back, too.
    drop(again);
    FileJournal::open(folder.path()).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_line_of_a_process_that_lives_is_honoured() {
    let stat = |pid: u32| fs::read_to_string(format!("/proc/{pid}/stat"));
    let Ok(own) = stat(std::os::unix::process::parent_id()) else {
        // Without /proc there is only the lock of the system, which the test before this one has.
        return;
    };
    let parent = std::os::unix::process::parent_id();
    let start = own
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(19)
        .unwrap()
        .to_owned();
    let folder = TempDir::new().unwrap();
    let lock = folder.path().join("lock");
    for (line, refused) in [
        (format!("{parent} {start}\n"), true),
        (format!("{parent} 0\n"), true),
        (format!("{parent} 1{start}\n"), false),
        (format!("999999999 {start}\n"), false),
        (String::new(), false),
        ("no line of ours".to_owned(), false),
    ] {
        fs::write(&lock, &line).unwrap();
        let opened = FileJournal::open(folder.path()).await;
        assert_eq!(opened.is_err(), refused, "{line}");
        match opened {
            Err(error) => {
                assert_eq!(error.code(), Locked);
                assert!(error.message().contains(&parent.to_string()), "{error}");
                assert_eq!(fs::read_to_string(&lock).unwrap(), line);
            }
            Ok(journal) => {
                let own = fs::read_to_string(&lock).unwrap();
                assert!(own.starts_with(&format!("{} ", std::process::id())), "{own}");
                journal.close().await.unwrap();
                assert_eq!(fs::read_to_string(&lock).unwrap(), "");
            }
        }
    }
}

#[tokio::test]
async fn whoever_writes_behind_the_owner_makes_it_stop() {
    let folder = TempDir::new().unwrap();
    let journal = FileJournal::open(folder.path()).await.unwrap();
    fill(&journal, 1, false).await;
    let mut framer = recover(
        journal
            .load(false)
            .await
            .unwrap()
            .frames
            .iter()
            .map(Vec::as_slice),
    )
    .unwrap()
    .framer()
    .unwrap();
    let path = folder.path().join(THIRD);
    let whole = fs::read(&path).unwrap();
    let frame = framer.events(&events(13, 1)).unwrap();
    for changed in [[&whole[..], b"x"].concat(), whole[1..].to_vec()] {
        fs::write(&path, changed).unwrap();
        let refused = journal.append(12, frame.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Conflict, "{refused}");
    }
    fs::write(&path, &whole).unwrap();
    let next = folder.path().join("00000004.journal");
    fs::write(&next, b"x").unwrap();
    assert_eq!(
        journal.append(12, frame.clone()).await.unwrap_err().code(),
        Conflict
    );
    fs::remove_file(&next).unwrap();
    journal.append(12, frame).await.unwrap();
}

async fn refused(folder: &Path) -> (ErrorCode, String) {
    let error = FileJournal::open(folder).await.unwrap_err();
    (error.code(), error.message().to_owned())
}

// A folder without permission to write cannot be tested by root, whom permissions do not bind; a path below a file and
// links are refused to everybody.
#[tokio::test]
async fn places_that_cannot_be_are_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "text").unwrap();
    for path in [file.clone(), file.join("below")] {
        let (code, message) = refused(&path).await;
        assert_eq!(code, JournalFailed);
        let last = path.file_name().unwrap().to_str().unwrap();
        assert!(
            message.starts_with(&format!("{last}: a file is where a folder has to be")),
            "{message}"
        );
        assert!(!message.contains(folder.path().to_str().unwrap()), "{message}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    // Folders in the place of files.
    for name in ["lock", FIRST] {
        let journal = folder.path().join(format!("with-{name}"));
        fs::create_dir_all(journal.join(name)).unwrap();
        let (code, message) = refused(&journal).await;
        assert_eq!(code, JournalFailed);
        assert!(message.starts_with(name), "{message}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_not_followed() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("target");
    for name in ["lock", FIRST] {
        let journal = folder.path().join(format!("with-{name}"));
        fs::create_dir(&journal).unwrap();
        std::os::unix::fs::symlink(&target, journal.join(name)).unwrap();
        for there in [false, true] {
            if there {
                fs::write(&target, "not ours").unwrap();
            }
            let (code, message) = refused(&journal).await;
            assert_eq!(code, JournalFailed);
            assert!(
                message.starts_with(&format!("{name}: ")) && message.contains("link"),
                "{message}"
            );
            assert_eq!(fs::read(&target).is_ok(), there);
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "not ours");
        fs::remove_file(&target).unwrap();
    }
}

#[tokio::test]
async fn a_letter_in_the_place_of_a_journal_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let text = "Dear journal, this is a letter, which is longer than the header of a frame.";
    fs::write(folder.path().join(FIRST), text).unwrap();
    assert_eq!(refused(folder.path()).await.0, JournalDamaged);
    assert_eq!(fs::read_to_string(folder.path().join(FIRST)).unwrap(), text);
}

#[test]
fn outside_of_a_runtime_it_says_so() {
    let error = futures::executor::block_on(FileJournal::open("nowhere")).unwrap_err();
    assert_eq!(error.code(), JournalFailed);
    assert!(error.message().contains("tokio runtime"), "{error}");
}

#[test]
fn a_frame_at_a_time() {
    let mut store = FileStore::open(SimulatedDisk::new(1)).unwrap();
    let mut framer = Framer::new(1);
    let first = framer.events(&events(1, 1)).unwrap();
    let second = framer.events(&events(2, 1)).unwrap();
    store.write(0, &first).unwrap();
    assert_eq!(store.write(1, &second).unwrap_err().code(), InvalidArgument);
    store.synced();
    store.write(1, &second).unwrap();
    store.failed("the host could not sync");
    let refused: Vec<Result<Stored>> = vec![
        store.load(false).map(|_| Stored::default()),
        store.sync().map(|()| Stored::default()),
        store.truncate_before(0).map(|()| Stored::default()),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), JournalFailed);
        assert!(error.message().contains("the host could not sync"), "{error}");
    }
}
