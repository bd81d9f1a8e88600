//! Recovery over bytes: whatever was cut, flipped, copied or put there, nothing is lost in silence.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

use agent_orchestrator::ErrorCode;
use agent_orchestrator::journal::{Framer, HEADER_BYTES, push_record, recover};

/// Records of growing length, each of one byte that stands for its position.
fn records(from: u64, count: u64) -> Vec<u8> {
    let mut records = Vec::new();
    for seq in from..from + count {
        push_record(&mut records, &vec![seq as u8; seq as usize % 40]);
    }
    records
}

/// Events 1 to 3, a snapshot, 4 and 5, a close, 6 to 9, a close.
fn journal(salt: u64) -> Vec<Vec<u8>> {
    let mut framer = Framer::new(salt);
    vec![
        framer.events(&records(1, 3)).unwrap(),
        framer.snapshot(b"state").unwrap(),
        framer.events(&records(4, 2)).unwrap(),
        framer.closed().unwrap(),
        framer.events(&records(6, 4)).unwrap(),
        framer.closed().unwrap(),
    ]
}

fn code(bytes: &[u8]) -> ErrorCode {
    recover([bytes]).unwrap_err().code()
}

#[test]
fn everything_is_found_however_it_is_cut_into_chunks() {
    let frames = journal(7);
    let whole = frames.concat();
    let apart = recover(frames.iter().map(Vec::as_slice)).unwrap();
    let together = recover([&[][..], &whole[..]]).unwrap();
    for found in [apart, together] {
        assert!(found.closed());
        assert_eq!((found.first(), found.position(), found.cut()), (1, 9, 0));
        assert_eq!(found.whole(), whole.len() as u64);
        let snapshot = found.snapshot().unwrap();
        assert_eq!((snapshot.position, snapshot.state), (3, &b"state"[..]));
        assert_eq!(found.snapshot_before(2), None);
        for after in 0..10 {
            let events: Vec<_> = found.events_after(after).collect();
            assert!(events.iter().map(|(seq, _)| *seq).eq(after + 1..=9), "{events:?}");
            for (seq, record) in events {
                assert_eq!(record, vec![seq as u8; seq as usize]);
            }
        }
    }
}

#[test]
fn nothing_is_an_empty_journal() {
    let found = recover([]).unwrap();
    assert_eq!((found.first(), found.position(), found.cut()), (1, 0, 0));
    assert!(found.closed() && found.framer().is_none() && found.snapshot().is_none());
}

#[test]
fn a_journal_goes_on_where_it_was_found() {
    let mut frames = journal(7);
    let mut framer = recover(frames.iter().map(Vec::as_slice))
        .unwrap()
        .framer()
        .unwrap();
    frames.push(framer.events(&records(10, 1)).unwrap());
    // A snapshot needs nothing of what is before it.
    let found = recover(frames[1..].iter().map(Vec::as_slice)).unwrap();
    assert_eq!((found.first(), found.position(), found.closed()), (4, 10, false));
}

#[test]
fn a_tail_is_cut_at_every_byte_and_told() {
    let frames = journal(7);
    let whole = frames.concat();
    let ends: Vec<usize> = frames
        .iter()
        .scan(0, |end, frame| {
            *end += frame.len();
            Some(*end)
        })
        .collect();
    for length in 0..whole.len() {
        let found = recover([&whole[..length]]).unwrap();
        let kept = ends
            .iter()
            .copied()
            .filter(|end| *end <= length)
            .max()
            .unwrap_or(0);
        assert_eq!(found.cut(), (length - kept) as u64, "{length} bytes");
        assert_eq!(found.whole(), kept as u64);
        // What a crash leaves may also be too long. It tears sectors, and so never the magic.
        if (1..4).contains(&length) {
            continue;
        }
        let longer = [&whole[..length], &[0; 700]].concat();
        assert_eq!(
            recover([&longer[..]]).unwrap().whole(),
            kept as u64,
            "{length} bytes, zeros"
        );
    }
}

#[test]
fn no_flipped_bit_passes() {
    let whole = journal(7).concat();
    let last = whole.len() - HEADER_BYTES;
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        match recover([&bytes[..]]) {
            // With the close goes no event, and it is told.
            Ok(found) => assert!(bit / 8 >= last && found.cut() == HEADER_BYTES as u64, "bit {bit}"),
            Err(error) => assert!(
                matches!(
                    error.code(),
                    ErrorCode::JournalDamaged | ErrorCode::JournalVersion
                ),
                "bit {bit}: {error}"
            ),
        }
    }
}

#[test]
fn damage_names_its_place() {
    let frames = journal(7);
    let mut whole = frames.concat();
    let at = frames[0].len() + frames[1].len();
    whole[at + HEADER_BYTES] ^= 1;
    let error = recover([&whole[..]]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::JournalDamaged);
    assert!(
        error
            .message()
            .contains(&format!("at byte {at}, after position 3")),
        "{error}"
    );
}

#[test]
fn a_frame_that_is_missing_twice_or_of_another_journal_is_damage() {
    let (ours, theirs) = (journal(7), journal(8));
    for missing in [2, 4] {
        let mut frames = ours.clone();
        frames.remove(missing);
        assert_eq!(
            code(&frames.concat()),
            ErrorCode::JournalDamaged,
            "without frame {missing}"
        );
    }
    for other in 0..5 {
        let mut frames = ours.clone();
        frames[other].clone_from(&theirs[other]);
        assert_eq!(
            code(&frames.concat()),
            ErrorCode::JournalDamaged,
            "frame {other} of another"
        );
    }
    for (place, frame) in [(3, &ours[2]), (6, &ours[4]), (6, &theirs[0])] {
        let mut frames = ours.clone();
        frames.insert(place, frame.clone());
        assert_eq!(
            code(&frames.concat()),
            ErrorCode::JournalDamaged,
            "one more at {place}"
        );
    }
}

#[test]
fn payloads_that_hold_frames_confuse_nobody() {
    let (mut framer, mut frames) = (Framer::new(7), Vec::<Vec<u8>>::new());
    for step in 0..3 {
        let mut records = Vec::new();
        // Frames of another journal, and all of this one so far.
        push_record(&mut records, &journal(8).concat());
        push_record(&mut records, &frames.concat());
        frames.push(framer.events(&records).unwrap());
        let whole = frames.concat();
        assert_eq!(recover([&whole[..]]).unwrap().position(), 2 * (step + 1));
        if step > 0 {
            let torn = recover([&whole[..whole.len() - 1]]).unwrap();
            assert_eq!(torn.position(), 2 * step);
        }
    }
}

#[test]
fn a_newer_version_is_refused_wherever_it_begins() {
    let frames = journal(7);
    for newer in 0..frames.len() {
        let mut frames = frames.clone();
        frames[newer][4] = 2;
        assert_eq!(code(&frames.concat()), ErrorCode::JournalVersion);
    }
}

#[test]
fn what_is_no_journal_is_refused_and_a_first_write_that_was_torn_is_not() {
    let text = b"This is a letter, and no journal at all, but it is long enough.";
    assert_eq!(code(text), ErrorCode::JournalDamaged);
    assert_eq!(recover([&text[..20]]).unwrap().cut(), 20);
    assert_eq!(recover([&[0; 5000][..]]).unwrap().cut(), 5000);
    let mut torn = journal(7)[0].clone();
    torn[20..].fill(0);
    assert_eq!(recover([&torn[..]]).unwrap().cut(), torn.len() as u64);
}

#[test]
fn a_tail_of_nothing_but_headers_is_not_looked_through() {
    let mut framer = Framer::new(7);
    let mut bytes = framer.events(&records(1, 1)).unwrap();
    let mut header = Framer::new(7);
    header.events(&records(1, 2)).unwrap();
    let mut header = header.events(&records(3, 1)).unwrap();
    header.truncate(HEADER_BYTES);
    header[8..12].copy_from_slice(&1_000_000_u32.to_le_bytes());
    for _ in 0..100_000 {
        bytes.extend_from_slice(&header);
    }
    assert_eq!(code(&bytes), ErrorCode::JournalDamaged);
}
