//! Which files git would ignore. The crate `ignore` knows what the lines of one .gitignore mean; this file knows that
//! there may be one in every folder, and that a deeper one has the last word.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules inside a folder, those of the folders above it included.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    above: Option<Arc<Self>>,
    own: Option<Gitignore>,
}

impl Rules {
    /// The rules inside `folder`, those of the folders above it in the same repository included.
    pub(crate) fn of(folder: &Path) -> Arc<Self> {
        let alone = || Self::inside(&Arc::default(), folder);
        let way: Vec<&Path> = folder.ancestors().collect();
        let Some(top) = way
            .iter()
            .position(|step| step.join(".git").symlink_metadata().is_ok())
        else {
            // No repository: only its own rules.
            return alone();
        };
        let mut rules = Arc::default();
        for step in way[..=top].iter().rev() {
            // Who asks for a folder that is ignored wants to see what is in it.
            if Self::ignore(&rules, step, true) {
                return alone();
            }
            rules = Self::inside(&rules, step);
        }
        rules
    }

    /// The rules inside `folder`, given those of the folder it lies in.
    pub(crate) fn inside(above: &Arc<Self>, folder: &Path) -> Arc<Self> {
        match read(folder) {
            Some(own) => Arc::new(Self {
                above: Some(above.clone()),
                own: Some(own),
            }),
            None => above.clone(),
        }
    }

    /// Whether `path`, in a folder that is not ignored, is.
    pub(crate) fn ignore(&self, path: &Path, is_folder: bool) -> bool {
        let own = self
            .own
            .as_ref()
            .map_or(Match::None, |own| own.matched(path, is_folder));
        match own {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => self
                .above
                .as_ref()
                .is_some_and(|above| above.ignore(path, is_folder)),
        }
    }
}

/// Like git, this takes a .gitignore only if it is a regular file that can be read.
fn read(folder: &Path) -> Option<Gitignore> {
    let path = folder.join(".gitignore");
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut rules = GitignoreBuilder::new(folder);
    for line in text.trim_start_matches('\u{feff}').lines() {
        // A line that makes no sense ignores nothing, and saves nothing.
        if line.contains(|c: char| !c.is_whitespace() && c != '!' && c != '/') {
            let _ = rules.add_line(None, line);
        }
    }
    rules.build().ok()
}
