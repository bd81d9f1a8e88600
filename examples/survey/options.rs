//! The command line: what may be asked for, and whether it makes sense.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "\
Surveys a source tree: languages, lines, public items, headings, what is left to do.

Usage: cargo run --features native --example survey -- [folder] [options]

  folder             what to survey (default: the current folder)
  --out <file>       where to write the survey (default: survey.md in the current folder)
  --concurrency <n>  how many parts to read at once, 1 to 64 (default: 8)
  --state <folder>   keep everything there; after a crash, the same command goes on
  --help             this text

Files that .gitignore names, .git and symbolic links are left out.
Ctrl-C cancels, also what is kept: it does not go on later. Exit code: 0 done, 1 a task failed, 2 wrong arguments, 130 cancelled.";

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) folder: PathBuf,
    pub(crate) out: PathBuf,
    /// As it was typed.
    pub(crate) shown_out: String,
    pub(crate) concurrency: u32,
    /// Where everything is kept, if anywhere.
    pub(crate) state: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments; none when only help is wanted.
    ///
    /// # Errors
    /// What is wrong, in words for the one who typed them.
    pub(crate) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, String> {
        let (mut folders, mut state) = (Vec::new(), None);
        let (mut out, mut concurrency) = ("survey.md".to_owned(), "8".to_owned());
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let arg = text(arg)?;
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (&*arg, None),
            };
            let into = match name {
                "--help" | "-h" => return Ok(None),
                "--out" => &mut out,
                "--concurrency" => &mut concurrency,
                "--state" => state.insert(String::new()),
                _ if name.starts_with('-') => return Err(format!("Unknown option '{name}'.")),
                _ => {
                    folders.push(arg);
                    continue;
                }
            };
            *into = match value {
                Some(value) => value,
                None => text(
                    args.next()
                        .ok_or_else(|| format!("Option '{name} <value>' argument missing."))?,
                )?,
            };
        }
        if folders.len() > 1 {
            return Err(format!("One folder at a time, please: got {}.", folders.len()));
        }
        let number = Some(&concurrency).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        let number = number.and_then(|text| text.parse().ok());
        let Some(number) = number.filter(|number| (1..=64).contains(number)) else {
            return Err(format!(
                "--concurrency takes a whole number from 1 to 64, not \"{concurrency}\"."
            ));
        };
        let folder = existing_folder(folders.first().map_or(".", |folder| folder))?;
        Ok(Some(Self {
            out: writable_place(&out)?,
            shown_out: out,
            concurrency: number,
            // Last, since it is made.
            state: state.map(|name| own_folder(&name, &folder)).transpose()?,
            folder,
        }))
    }
}

fn text(arg: OsString) -> Result<String, String> {
    arg.into_string()
        .map_err(|arg| format!("{arg:?} is not Unicode."))
}

fn existing_folder(name: &str) -> Result<PathBuf, String> {
    let found = fs::read_dir(name).and_then(|_| fs::canonicalize(name));
    found.map_err(|error| match error.kind() {
        ErrorKind::NotADirectory if Path::new(name).is_file() => {
            format!("Cannot survey \"{name}\": it is a file, not a folder.")
        }
        _ => format!("Cannot survey \"{name}\": {}.", reason(&error)),
    })
}

/// Asked before the work begins, so that a typing error does not come to light at its end.
fn writable_place(name: &str) -> Result<PathBuf, String> {
    if name.is_empty() {
        return Err("--out needs a file name.".to_owned());
    }
    let path = Path::new(name);
    let Some(file) = path.file_name().filter(|_| !path.is_dir()) else {
        return Err(format!("Cannot write \"{name}\": it is a folder."));
    };
    let folder = path
        .parent()
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder)
        .map_err(|error| format!("Cannot write \"{name}\": its folder: {}.", reason(&error)))?;
    Ok(folder.join(file))
}

/// A folder that is made if it is not there.
fn own_folder(name: &str, surveyed: &Path) -> Result<PathBuf, String> {
    let refuse = |why: &str| Err(format!("Cannot keep anything in \"{name}\": {why}."));
    if Path::new(name).is_file() {
        return refuse("it is a file, not a folder");
    }
    match fs::create_dir_all(name).and_then(|()| fs::canonicalize(name)) {
        Ok(found) if found == surveyed => refuse("it is the folder to survey"),
        Ok(found) => Ok(found),
        Err(error) => refuse(&reason(&error)),
    }
}

/// What the operating system answered, in plain words.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::NotADirectory => "a part of the path is not a folder",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::ReadOnlyFilesystem => "it cannot be written to",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::InvalidFilename => "the name is too long",
        _ => return error.to_string(),
    }
    .to_owned()
}
