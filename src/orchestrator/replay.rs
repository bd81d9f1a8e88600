//! From the bytes of a journal to a kernel, and from a kernel to the bytes of a snapshot.

use serde::{Deserialize, Serialize};

use super::engine::EngineOptions;
use crate::journal::{EventLog, Framer, Recovered, decode, decode_prefix, decode_value, encode, recover};
use crate::kernel::{Config, ErrorCode, Event, FORMAT, Kernel, OrchestratorError, Result, Seq, State};

/// What a snapshot frame holds, as it is written.
#[derive(Serialize)]
struct Written<'a> {
    format: u16,
    hash: u128,
    state: &'a State,
}

/// The same, as it is read.
#[derive(Deserialize)]
struct Read {
    hash: u128,
    state: State,
}

/// A kernel as a journal left it.
pub(super) struct Start {
    pub(super) kernel: Kernel,
    pub(super) log: EventLog,
    pub(super) framer: Framer,
    pub(super) cut: u64,
    pub(super) snapshot_at: Seq,
    pub(super) tail: u64,
}

/// The state and the hash of the journal up to it. Leaves out what the state alone implies.
pub(super) fn encode_snapshot(kernel: &Kernel, hash: u128) -> Vec<u8> {
    let mut out = Vec::new();
    let written = Written {
        format: FORMAT,
        hash,
        state: kernel.state(),
    };
    encode(&written, &mut out);
    out
}

fn read_snapshot(config: Config, position: Seq, bytes: &[u8]) -> Result<(Kernel, u128)> {
    // The version stands first, so that it can be read whatever follows.
    let (format, rest) = decode_prefix(bytes).ok_or_else(|| undecodable("the snapshot", position))?;
    check_format(format)?;
    let read = decode_value::<Read>(rest).filter(|read| Kernel::position_of(&read.state) == position);
    let Read { hash, state } = read.ok_or_else(|| undecodable("the snapshot", position))?;
    Ok((Kernel::restore(config, state), hash))
}

fn check_format(format: u16) -> Result<()> {
    if format <= FORMAT {
        return Ok(());
    }
    Err(OrchestratorError::new(
        ErrorCode::JournalVersion,
        format!("the journal has format {format}, and this version reads up to {FORMAT}; use a newer one"),
    ))
}

fn undecodable(what: &str, position: Seq) -> OrchestratorError {
    OrchestratorError::new(
        ErrorCode::JournalDamaged,
        format!(
            "{what} at position {position} cannot be read, though its checksum is right; nothing was changed"
        ),
    )
}

/// Applies one record to a kernel that is at the position before it.
pub(super) fn apply(kernel: &mut Kernel, seq: Seq, record: &[u8]) -> Result<()> {
    let (at, event) = decode(record)
        .filter(|_| seq == kernel.seq() + 1)
        .ok_or_else(|| undecodable("the event", seq))?;
    if let Event::Opened { format, .. } = event {
        check_format(format)?;
    }
    kernel.apply(at, &event);
    Ok(())
}

/// A kernel with everything in it that was found, up to a position.
pub(super) fn fold(config: Config, found: &Recovered<'_>, to: Seq) -> Result<(Kernel, u128)> {
    let (mut kernel, hash) = match found.snapshot_before(to) {
        Some(snapshot) => read_snapshot(config, snapshot.position, snapshot.state)?,
        None => (Kernel::new(config), 0),
    };
    for (seq, record) in found.events_after(kernel.seq()).take_while(|(seq, _)| *seq <= to) {
        apply(&mut kernel, seq, record)?;
    }
    Ok((kernel, hash))
}

/// The state after one event.
pub(super) fn at(found: &Recovered<'_>, seq: Seq) -> Result<(Kernel, u128)> {
    if seq == 0 || seq > found.position() {
        return Err(OrchestratorError::new(
            ErrorCode::InvalidArgument,
            format!("there is no event {seq}; the last one is {}", found.position()),
        ));
    }
    let base = found.snapshot_before(seq).map(|snapshot| snapshot.position);
    if base.is_none() && found.first() > 1 {
        return Err(OrchestratorError::new(
            ErrorCode::HistoryGone,
            format!(
                "event {seq} is not kept any more; the first one that is kept is {}",
                found.first()
            ),
        ));
    }
    let (kernel, hash) = fold(Config::default(), found, seq)?;
    // The hash goes on from the snapshot, over the events after it.
    let mut log = EventLog::after(0, base.unwrap_or(0), hash);
    for (_, record) in found
        .events_after(base.unwrap_or(0))
        .take_while(|(at, _)| *at <= seq)
    {
        log.push(record);
    }
    Ok((kernel, log.hash()))
}

/// Folds everything that is kept, event by event, and holds every snapshot against the state it claims to be. Gives
/// the kernel, the hash of the journal, and how many events were folded.
pub(super) fn verify(found: &Recovered<'_>, to: Seq) -> Result<(Kernel, u128, u64)> {
    let mut snapshots = found
        .snapshots()
        .filter(|snapshot| snapshot.position <= to)
        .peekable();
    let begin = snapshots
        .peek()
        .filter(|first| first.position < found.first())
        .map(|first| first.position);
    let (mut kernel, hash) = match begin {
        Some(position) => fold(Config::default(), found, position)?,
        None => (Kernel::new(Config::default()), 0),
    };
    let mut log = EventLog::after(0, kernel.seq(), hash);
    let first = kernel.seq();
    let mut events = found.events_after(first).take_while(|(seq, _)| *seq <= to);
    loop {
        while let Some(snapshot) = snapshots.next_if(|snapshot| snapshot.position == kernel.seq()) {
            if encode_snapshot(&kernel, log.hash()) != snapshot.state {
                return Err(OrchestratorError::new(
                    ErrorCode::JournalDamaged,
                    format!(
                        "the snapshot at position {} is not what the events before it lead to",
                        snapshot.position
                    ),
                ));
            }
        }
        let Some((seq, record)) = events.next() else { break };
        apply(&mut kernel, seq, record)?;
        log.push(record);
    }
    let folded = kernel.seq() - first;
    let hash = log.hash();
    Ok((kernel, hash, folded))
}

/// Reads what a journal holds; `salt` marks it if it is new.
pub(super) fn start<'a>(
    options: &EngineOptions,
    frames: impl IntoIterator<Item = &'a [u8]>,
    cut: u64,
    salt: u64,
) -> Result<Start> {
    let found = recover(frames)?;
    let position = found.snapshot().map_or(0, |snapshot| snapshot.position);
    let (kernel, hash) = fold(options.config, &found, Seq::MAX)?;
    if kernel.seq() != found.position() {
        return Err(undecodable("the event", kernel.seq() + 1));
    }
    let mut log = EventLog::after(options.event_log_bytes, position, hash);
    let mut tail = 0;
    for (_, record) in found.events_after(position) {
        log.push(record);
        tail += record.len() as u64;
    }
    Ok(Start {
        kernel,
        log,
        framer: found.framer().unwrap_or_else(|| Framer::new(salt)),
        cut: cut + found.cut(),
        snapshot_at: position,
        tail,
    })
}
