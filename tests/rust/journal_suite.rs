//! What every journal has to do, whatever keeps it. Each case gets a journal that is empty.

use std::future::Future;

use agent_orchestrator::ErrorCode::{Conflict, InvalidArgument};
use agent_orchestrator::journal::{Frame, FrameKind, Framer, Journal, Stored, push_record, recover};
use agent_orchestrator::{ErrorCode, Result, Seq};

/// A place where journals can be opened again and again.
pub(crate) trait Place {
    type Journal: Journal;

    /// Opens what is kept there.
    fn open(&self) -> impl Future<Output = Result<Self::Journal>>;
}

/// Records of which each says where it stands.
pub(crate) fn records(from: Seq, count: u64) -> Vec<u8> {
    let mut payload = Vec::new();
    (from..from + count).for_each(|seq| push_record(&mut payload, &record(seq)));
    payload
}

fn record(seq: Seq) -> Vec<u8> {
    vec![seq as u8; seq as usize % 70]
}

/// A journal and the frames that belong to it.
struct Writer<J> {
    journal: J,
    framer: Framer,
}

impl<J: Journal> Writer<J> {
    async fn events(&mut self, count: u64) {
        let position = self.framer.position();
        let frame = self.framer.events(&records(position + 1, count)).unwrap();
        self.journal.append(position, frame).await.unwrap();
    }

    async fn snapshot(&mut self) {
        let position = self.framer.position();
        let frame = self.framer.snapshot(&position.to_le_bytes()).unwrap();
        self.journal.snapshot(position, frame).await.unwrap();
    }

    async fn closed(&mut self) {
        let frame = self.framer.closed().unwrap();
        self.journal.append(self.framer.position(), frame).await.unwrap();
    }
}

async fn writer<P: Place>(place: &P) -> Writer<P::Journal> {
    Writer {
        journal: place.open().await.unwrap(),
        framer: Framer::new(77),
    }
}

/// What is stored has the snapshot of `snapshot` (0: none) and all events from `first` to `last`, and nothing is torn.
fn check(stored: &Stored, snapshot: Seq, first: Seq, last: Seq) -> Framer {
    assert_eq!(stored.cut, 0);
    let found = recover(stored.frames.iter().map(Vec::as_slice)).unwrap();
    assert_eq!((found.first(), found.position(), found.cut()), (first, last, 0));
    let state = found
        .snapshot()
        .map(|snapshot| (snapshot.position, snapshot.state.to_vec()));
    assert_eq!(
        state,
        (snapshot > 0).then(|| (snapshot, snapshot.to_le_bytes().to_vec()))
    );
    let kept = found.events_after(0).map(|(seq, bytes)| (seq, bytes.to_vec()));
    assert!(kept.eq((first..=last).map(|seq| (seq, record(seq)))));
    found.framer().unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> ErrorCode {
    result.unwrap_err().code()
}

pub(crate) async fn an_empty_journal_has_nothing(place: impl Place) {
    let journal = place.open().await.unwrap();
    for history in [false, true] {
        assert_eq!(journal.load(history).await.unwrap(), Stored::default());
    }
    journal.truncate_before(5).await.unwrap();
    journal.close().await.unwrap();
    let journal = place.open().await.unwrap();
    assert_eq!(journal.load(true).await.unwrap(), Stored::default());
    journal.close().await.unwrap();
}

pub(crate) async fn what_was_appended_is_loaded(place: impl Place) {
    let mut writer = writer(&place).await;
    for count in [1, 3, 1, 200] {
        writer.events(count).await;
        let last = writer.framer.position();
        for history in [false, true] {
            let stored = writer.journal.load(history).await.unwrap();
            assert_eq!(check(&stored, 0, 1, last), writer.framer);
        }
    }
}

pub(crate) async fn it_goes_on_after_it_was_opened_again(place: impl Place) {
    let mut writer = writer(&place).await;
    for round in 1..=4 {
        writer.events(3).await;
        if round % 2 == 0 {
            writer.closed().await;
        }
        // Again is no error.
        writer.journal.close().await.unwrap();
        writer.journal.close().await.unwrap();
        let journal = place.open().await.unwrap();
        let stored = journal.load(false).await.unwrap();
        writer = Writer {
            framer: check(&stored, 0, 1, 3 * round),
            journal,
        };
        let closed = recover(stored.frames.iter().map(Vec::as_slice)).unwrap().closed();
        assert_eq!(closed, round % 2 == 0);
    }
}

pub(crate) async fn it_goes_on_from_a_snapshot(place: impl Place) {
    let mut writer = writer(&place).await;
    writer.events(4).await;
    writer.snapshot().await;
    let stored = writer.journal.load(false).await.unwrap();
    check(&stored, 4, 5, 4);
    writer.events(2).await;
    writer.events(1).await;
    writer.journal.close().await.unwrap();
    let journal = place.open().await.unwrap();
    check(&journal.load(false).await.unwrap(), 4, 5, 7);
    check(&journal.load(true).await.unwrap(), 4, 1, 7);
    let framer = writer.framer;
    writer = Writer { journal, framer };
    // Two of the same state.
    writer.snapshot().await;
    writer.snapshot().await;
    check(&writer.journal.load(false).await.unwrap(), 7, 8, 7);
    check(&writer.journal.load(true).await.unwrap(), 7, 1, 7);
}

pub(crate) async fn what_is_not_needed_is_forgotten_when_it_may(place: impl Place) {
    let mut writer = writer(&place).await;
    for _ in 0..4 {
        writer.events(5).await;
        writer.snapshot().await;
    }
    writer.events(2).await;
    // There are snapshots of 5, 10, 15, 20.
    for (before, first) in [(0, 1), (4, 1), (5, 6), (12, 11), (11, 11), (10, 11), (3, 11)] {
        writer.journal.truncate_before(before).await.unwrap();
        check(&writer.journal.load(true).await.unwrap(), 20, first, 22);
        check(&writer.journal.load(false).await.unwrap(), 20, 21, 22);
    }
    writer.journal.close().await.unwrap();
    let journal = place.open().await.unwrap();
    // The power may have failed before it was forgotten.
    journal.truncate_before(12).await.unwrap();
    check(&journal.load(true).await.unwrap(), 20, 11, 22);
    journal.truncate_before(Seq::MAX).await.unwrap();
    check(&journal.load(true).await.unwrap(), 20, 21, 22);
    let framer = writer.framer;
    writer = Writer { journal, framer };
    writer.events(1).await;
    check(&writer.journal.load(true).await.unwrap(), 20, 21, 23);
}

pub(crate) async fn who_is_late_is_refused_and_writes_nothing(place: impl Place) {
    let mut writer = writer(&place).await;
    writer.events(2).await;
    let (mut late, before) = (Framer::new(77), writer.framer);
    let frame = late.events(&records(1, 2)).unwrap();
    let state = before.clone().snapshot(b"state").unwrap();
    writer.events(1).await;
    let (journal, framer) = (&writer.journal, writer.framer);
    let next = framer.clone().events(&records(4, 1)).unwrap();
    let other = Framer::at(78, 3).events(&records(4, 1)).unwrap();
    let forked = Framer::at(77, 3).events(&records(4, 1)).unwrap();
    for (position, frame) in [
        (0, frame),
        (2, before.clone().events(&records(3, 1)).unwrap()),
        (2, next.clone()),
        (4, next.clone()),
        (3, other),
        (3, forked),
    ] {
        assert_eq!(
            code(journal.append(position, frame).await),
            Conflict,
            "{position}"
        );
    }
    assert_eq!(code(journal.snapshot(2, state).await), Conflict);
    check(&journal.load(true).await.unwrap(), 0, 1, 3);
    journal.append(3, next).await.unwrap();
    check(&journal.load(true).await.unwrap(), 0, 1, 4);
}

pub(crate) async fn what_is_no_frame_is_refused(place: impl Place) {
    let mut writer = writer(&place).await;
    let begin = writer.framer;
    for position in [0, 3] {
        let framer = writer.framer;
        let next = framer.clone().events(&records(position + 1, 3)).unwrap();
        let state = framer.clone().snapshot(b"state").unwrap();
        let mut flipped = next.clone();
        flipped[60] ^= 1;
        let journal = &writer.journal;
        for frame in [
            Vec::new(),
            b"AOJ".to_vec(),
            vec![0; 100],
            next[..next.len() - 1].to_vec(),
            [&next[..], b"x"].concat(),
            flipped,
            state.clone(),
        ] {
            assert_eq!(code(journal.append(position, frame).await), InvalidArgument);
        }
        assert_eq!(code(journal.snapshot(position, next).await), InvalidArgument);
        assert_eq!(
            code(journal.snapshot(position, Vec::new()).await),
            InvalidArgument
        );
        if position == 0 {
            writer.events(3).await;
        }
    }
    assert_ne!(begin, writer.framer);
    check(&writer.journal.load(true).await.unwrap(), 0, 1, 3);
}

pub(crate) async fn it_may_begin_with_a_state(place: impl Place) {
    let journal = place.open().await.unwrap();
    let mut writer = Writer {
        journal,
        framer: Framer::at(5, 40),
    };
    writer.snapshot().await;
    writer.events(2).await;
    writer.journal.close().await.unwrap();
    let journal = place.open().await.unwrap();
    for history in [false, true] {
        let framer = check(&journal.load(history).await.unwrap(), 40, 41, 42);
        assert_eq!(framer, writer.framer);
    }
}

pub(crate) async fn frames_may_be_large_and_many(place: impl Place) {
    let mut writer = writer(&place).await;
    let mut payload = Vec::new();
    push_record(&mut payload, &vec![7; 3 << 20]);
    let frame = writer.framer.events(&payload).unwrap();
    writer.journal.append(0, frame).await.unwrap();
    for _ in 0..100 {
        writer.events(1).await;
    }
    writer.journal.close().await.unwrap();
    let stored = place.open().await.unwrap().load(false).await.unwrap();
    let found = recover(stored.frames.iter().map(Vec::as_slice)).unwrap();
    assert_eq!((found.position(), found.framer()), (101, Some(writer.framer)));
    assert_eq!(found.events_after(0).next().unwrap().1.len(), 3 << 20);
}

pub(crate) async fn frames_are_stored_as_they_are(place: impl Place) {
    let mut writer = writer(&place).await;
    writer.events(2).await;
    writer.closed().await;
    writer.events(1).await;
    let mut framer = Framer::new(77);
    let due = [
        framer.events(&records(1, 2)).unwrap(),
        framer.closed().unwrap(),
        framer.events(&records(3, 1)).unwrap(),
    ];
    let stored = writer.journal.load(true).await.unwrap().frames.concat();
    let kept = &stored[stored.len() - due.concat().len()..];
    assert_eq!(kept, due.concat());
    // Files begin with a mark of their own, which holds nothing.
    let mut before = &stored[..stored.len() - kept.len()];
    while !before.is_empty() {
        let frame = Frame::read(before).unwrap();
        assert_eq!((frame.kind, frame.seq), (FrameKind::Closed, 0));
        before = &before[frame.len()..];
    }
}

/// One test for each case, over a place that this expression makes.
#[macro_export]
macro_rules! journal_suite {
    ($place:expr) => {
        $crate::journal_suite!($place,
            an_empty_journal_has_nothing
            what_was_appended_is_loaded
            it_goes_on_after_it_was_opened_again
            it_goes_on_from_a_snapshot
            what_is_not_needed_is_forgotten_when_it_may
            who_is_late_is_refused_and_writes_nothing
            what_is_no_frame_is_refused
            it_may_begin_with_a_state
            frames_may_be_large_and_many
            frames_are_stored_as_they_are);
    };
    ($place:expr, $($case:ident)*) => {
        $(#[tokio::test]
        async fn $case() {
            $crate::rust::journal_suite::$case($place).await;
        })*
    };
}
