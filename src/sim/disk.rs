//! A disk in memory whose power can be cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Rng;
use super::disk_image::Image;
use crate::journal::Disk;
use crate::kernel::{ErrorCode, OrchestratorError, Result};

/// A folder in memory that keeps what a real one keeps when the power fails, and no more.
///
/// Of what was done to a file since its last sync, each part is kept, dropped, torn into sectors of 512 bytes of which
/// any may arrive, or reordered; its length, its creation and its removal, too. What was durable before stays, also in
/// a sector that is written again. Where a file grew and nothing arrived there are zeros or leftovers. All of this
/// follows from the seeds. Clones share the folder.
#[derive(Clone, Debug)]
pub struct SimulatedDisk {
    shared: Arc<Mutex<Folder>>,
}

#[derive(Debug)]
struct Folder {
    rng: Rng,
    images: BTreeMap<u64, Image>,
    next_image: u64,
    /// The names that programs see.
    seen: BTreeMap<String, u64>,
    /// The names that a loss of power cannot take.
    durable: BTreeMap<String, u64>,
    operations: u64,
    fail_at: BTreeSet<u64>,
    power_until: Option<u64>,
    room: Option<u64>,
}

/// What a call may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    /// It fails, and nobody knows how much of it was done.
    InPart,
}

impl SimulatedDisk {
    /// An empty folder. What failing calls do in part follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            shared: Arc::new(Mutex::new(Folder {
                rng: Rng::new(seed),
                images: BTreeMap::new(),
                next_image: 0,
                seen: BTreeMap::new(),
                durable: BTreeMap::new(),
                operations: 0,
                fail_at: BTreeSet::new(),
                power_until: None,
                room: None,
            })),
        }
    }

    /// The power fails and comes back. What is left follows from `seed`. Faults that were asked for are forgotten.
    pub fn crash(&self, seed: u64) {
        let mut folder = self.folder();
        let mut rng = Rng::new(seed);
        folder.fail_at.clear();
        folder.power_until = None;
        let folder = &mut *folder;
        let names: BTreeSet<String> = folder.seen.keys().chain(folder.durable.keys()).cloned().collect();
        for name in names {
            let (seen, durable) = (folder.seen.get(&name), folder.durable.get(&name));
            let kept = if rng.percent(50) { seen } else { durable };
            match kept.copied() {
                Some(image) => {
                    folder.durable.insert(name, image);
                }
                None => {
                    folder.durable.remove(&name);
                }
            }
        }
        folder.seen.clone_from(&folder.durable);
        let named: BTreeSet<u64> = folder.durable.values().copied().collect();
        folder.images.retain(|image, _| named.contains(image));
        folder.images.values_mut().for_each(|image| image.crash(&mut rng));
    }

    /// The power fails during the call after so many others: that one and all after it fail, until
    /// [`crash`](Self::crash).
    pub fn cut_power_after(&self, calls: u64) {
        let mut folder = self.folder();
        folder.power_until = Some(folder.operations + calls);
    }

    /// The call after so many others fails: a write that is short, or a sync of which nobody knows what it did.
    pub fn fail_after(&self, calls: u64) {
        let mut folder = self.folder();
        let at = folder.operations + calls;
        folder.fail_at.insert(at);
    }

    /// All files together can have this many bytes from now on; `None`: any number.
    pub fn set_room(&self, bytes: Option<u64>) {
        self.folder().room = bytes;
    }

    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.folder().operations
    }

    /// The names and contents of the files.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let folder = self.folder();
        let contents = |image: &u64| folder.images.get(image).map(|image| image.seen.clone());
        let files = folder.seen.iter();
        files
            .filter_map(|(name, image)| Some((name.clone(), contents(image)?)))
            .collect()
    }

    /// Another folder with the same files, and without faults.
    pub(super) fn copy(&self) -> Self {
        let folder = self.folder();
        let copy = Folder {
            rng: folder.rng.clone(),
            images: folder.images.clone(),
            next_image: folder.next_image,
            seen: folder.seen.clone(),
            durable: folder.durable.clone(),
            operations: 0,
            fail_at: BTreeSet::new(),
            power_until: None,
            room: None,
        };
        Self {
            shared: Arc::new(Mutex::new(copy)),
        }
    }

    /// The names of the files that a loss of power cannot take.
    #[must_use]
    pub fn durable_files(&self) -> Vec<String> {
        self.folder().durable.keys().cloned().collect()
    }

    /// The bytes of a file, from there on, that a loss of power now would surely leave, as far as nothing is written
    /// over them. None if the file itself is not durable.
    #[must_use]
    pub fn durable_after(&self, name: &str, from: usize) -> Option<Vec<u8>> {
        let folder = self.folder();
        let image = folder.images.get(folder.durable.get(name)?)?;
        image.durable_bytes().get(from..).map(<[u8]>::to_vec)
    }

    /// Puts a file there, durably, behind the back of whoever uses the disk; `None` takes it away.
    pub fn put(&self, name: &str, contents: Option<Vec<u8>>) {
        let mut folder = self.folder();
        folder.seen.remove(name);
        folder.durable.remove(name);
        if let Some(contents) = contents {
            let image = folder.create(name);
            folder.durable.insert(name.to_owned(), image);
            folder.images.insert(image, Image::durable(contents));
        }
    }

    fn folder(&self) -> MutexGuard<'_, Folder> {
        // Nothing in here panics half-way.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folder {
    /// Counts a call, and decides what becomes of it.
    fn call(&mut self) -> Result<Fate> {
        let call = self.operations;
        self.operations += 1;
        if self.power_until.is_some_and(|until| call > until) {
            return Err(failed("the power is off"));
        }
        let in_part = self.power_until == Some(call) || self.fail_at.remove(&call);
        Ok(if in_part { Fate::InPart } else { Fate::Done })
    }

    /// A call that does nothing when it fails.
    fn whole_call(&mut self) -> Result<()> {
        match self.call()? {
            Fate::Done => Ok(()),
            Fate::InPart => Err(failed("the call failed")),
        }
    }

    fn create(&mut self, name: &str) -> u64 {
        let image = self.next_image;
        self.next_image += 1;
        self.images.insert(image, Image::default());
        self.seen.insert(name.to_owned(), image);
        image
    }

    fn image(&mut self, name: &str) -> Result<&mut Image> {
        let image = self.seen.get(name).and_then(|image| self.images.get_mut(image));
        image.ok_or_else(|| failed(&format!("there is no {name}")))
    }

    /// How many bytes can still be written to a file from there on.
    fn room(&self, name: &str, at: u64) -> u64 {
        let Some(room) = self.room else { return u64::MAX };
        let length = |image: &u64| self.images.get(image).map_or(0, |image| image.seen.len() as u64);
        let used: u64 = self.seen.values().map(length).sum();
        let inside = self.seen.get(name).map_or(0, length).saturating_sub(at);
        room.saturating_sub(used) + inside
    }
}

impl Disk for SimulatedDisk {
    fn list(&mut self) -> Result<Vec<String>> {
        let mut folder = self.folder();
        folder.whole_call()?;
        Ok(folder.seen.keys().cloned().collect())
    }

    fn len(&mut self, name: &str) -> Result<Option<u64>> {
        let mut folder = self.folder();
        folder.whole_call()?;
        Ok(folder.image(name).ok().map(|image| image.seen.len() as u64))
    }

    fn read(&mut self, name: &str, at: u64, length: usize) -> Result<Vec<u8>> {
        let mut folder = self.folder();
        folder.whole_call()?;
        let seen = &folder.image(name)?.seen;
        let bytes = usize::try_from(at)
            .ok()
            .and_then(|at| seen.get(at..)?.get(..length));
        bytes
            .map(<[u8]>::to_vec)
            .ok_or_else(|| failed(&format!("{name} ends before")))
    }

    fn write(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<()> {
        let mut folder = self.folder();
        let fate = folder.call()?;
        let room = folder.room(name, at).min(bytes.len() as u64);
        let written = match fate {
            Fate::Done => room,
            Fate::InPart => folder.rng.below(room + 1),
        };
        if !folder.seen.contains_key(name) {
            folder.create(name);
        }
        folder.image(name)?.write(at, &bytes[..written as usize]);
        match fate {
            Fate::InPart => Err(failed(&format!("{name} could not be written to"))),
            Fate::Done if written < bytes.len() as u64 => Err(OrchestratorError::new(
                ErrorCode::JournalFull,
                format!("there is no room left for {name}"),
            )),
            Fate::Done => Ok(()),
        }
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<()> {
        let mut folder = self.folder();
        let fate = folder.call()?;
        folder.image(name)?.truncate(length);
        match fate {
            Fate::Done => Ok(()),
            Fate::InPart => Err(failed(&format!("{name} could not be made shorter"))),
        }
    }

    fn sync(&mut self, name: &str) -> Result<()> {
        let mut folder = self.folder();
        let fate = folder.call()?;
        if fate == Fate::InPart {
            let folder = &mut *folder;
            // It is not only the bytes that may have become durable.
            if let Some(image) = folder.seen.get(name).copied() {
                if folder.rng.percent(50) {
                    folder.durable.insert(name.to_owned(), image);
                }
                if let Some(image) = folder.images.get_mut(&image) {
                    image.sync_in_part(&mut folder.rng);
                }
            }
            return Err(failed(&format!("{name} could not be synced")));
        }
        folder.image(name)?.sync();
        if let Some(image) = folder.seen.get(name).copied() {
            folder.durable.insert(name.to_owned(), image);
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        let mut folder = self.folder();
        let fate = folder.call()?;
        folder.seen.remove(name);
        match fate {
            Fate::Done => Ok(()),
            Fate::InPart => Err(failed(&format!("{name} could not be removed"))),
        }
    }
}

fn failed(message: &str) -> OrchestratorError {
    OrchestratorError::new(ErrorCode::JournalFailed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "00000001.journal";

    /// What a loss of power leaves of a file of which 1,000 bytes were synced, and 3,000 more were not.
    fn left(seed: u64) -> Vec<u8> {
        let disk = SimulatedDisk::new(1);
        let mut user = disk.clone();
        user.write(NAME, 0, &[1; 1000]).unwrap();
        user.sync(NAME).unwrap();
        user.write(NAME, 1000, &[2; 3000]).unwrap();
        assert_eq!(user.len(NAME).unwrap(), Some(4000));
        disk.crash(seed);
        let files = disk.files();
        assert_eq!(user.len(NAME).unwrap(), Some(files[NAME].len() as u64));
        files[NAME].clone()
    }

    #[test]
    fn what_was_synced_stays_and_of_the_rest_anything() {
        let (mut none, mut all, mut torn, mut zeros, mut noise) = (0, 0, 0, 0, 0);
        for seed in 0..500 {
            let bytes = left(seed);
            assert_eq!(bytes, left(seed), "the same seed leaves the same");
            assert_eq!(bytes[..1000], [1; 1000]);
            let rest = &bytes[1000..];
            assert!(rest.len() <= 3000);
            match rest.iter().filter(|byte| **byte == 2).count() {
                0 if rest.is_empty() => none += 1,
                3000 => all += 1,
                _ => torn += 1,
            }
            zeros += u32::from(rest.contains(&0));
            noise += u32::from(rest.iter().any(|byte| *byte > 2));
        }
        for count in [none, all, torn, zeros, noise] {
            assert!(count >= 30, "{none} {all} {torn} {zeros} {noise}");
        }
    }

    #[test]
    fn files_that_were_not_synced_may_be_there_or_not() {
        let (mut made, mut removed) = (0, 0);
        for seed in 0..100 {
            let disk = SimulatedDisk::new(1);
            let mut user = disk.clone();
            disk.put("old", Some(vec![1]));
            user.write(NAME, 0, &[2]).unwrap();
            user.remove("old").unwrap();
            disk.crash(seed);
            made += u32::from(disk.files().contains_key(NAME));
            removed += u32::from(!disk.files().contains_key("old"));
        }
        assert!(
            (20..80).contains(&made) && (20..80).contains(&removed),
            "{made} {removed}"
        );
    }

    #[test]
    fn a_sync_that_failed_is_not_made_good_by_the_next_one() {
        let mut lost = 0;
        for seed in 0..100 {
            let disk = SimulatedDisk::new(seed);
            let mut user = disk.clone();
            disk.put(NAME, Some(Vec::new()));
            user.write(NAME, 0, &[2; 100]).unwrap();
            disk.fail_after(0);
            assert!(user.sync(NAME).is_err());
            // Programs see it all the same.
            assert_eq!(user.read(NAME, 0, 100).unwrap(), [2; 100]);
            user.sync(NAME).unwrap();
            disk.crash(seed);
            lost += u32::from(disk.files()[NAME] != [2; 100]);
        }
        assert!((20..80).contains(&lost), "{lost}");
    }

    #[test]
    fn faults_come_at_the_call_that_was_asked_for() {
        let disk = SimulatedDisk::new(1);
        let mut user = disk.clone();
        disk.fail_after(1);
        user.write(NAME, 0, &[1; 10]).unwrap();
        let short = user.write(NAME, 10, &[1; 10]).unwrap_err();
        assert_eq!(short.code(), ErrorCode::JournalFailed);
        assert!((10..=20).contains(&user.len(NAME).unwrap().unwrap()));
        disk.set_room(Some(25));
        assert_eq!(
            user.write(NAME, 0, &[2; 30]).unwrap_err().code(),
            ErrorCode::JournalFull
        );
        assert_eq!(disk.files()[NAME], [2; 25]);
        disk.cut_power_after(1);
        assert!(user.list().is_ok());
        for _ in 0..3 {
            assert!(user.list().is_err());
        }
        assert_eq!(disk.calls(), 8);
        disk.crash(1);
        assert!(user.list().is_ok());
        assert!(user.read("nothing", 0, 1).is_err() && user.sync("nothing").is_err());
        assert_eq!(user.len("nothing").unwrap(), None);
    }
}
