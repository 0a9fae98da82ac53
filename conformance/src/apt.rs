//! Debian packages without touching the system: apt with a configuration, lists and status file of its own, in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::output;

/// A private view of some suites of the Debian archive.
pub struct Apt {
    dir: PathBuf,
}

/// Which side of a suite to list.
#[derive(Clone, Copy)]
pub enum Side {
    /// Programs.
    Binary,
    /// Source packages.
    Source,
}

impl Apt {
    /// Fetches the lists of `suites` (such as `bookworm`, `bookworm-security`) into `dir`.
    pub fn open(dir: &Path, suites: &[&str], side: Side) -> Result<Apt> {
        for sub in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(dir.join(sub))?;
        }
        fs::write(dir.join("status"), "")?;
        fs::write(dir.join("sources.list"), sources(suites, side)?)?;
        let apt = Apt { dir: dir.to_owned() };
        output(apt.command("apt-get").args(["-qq", "update"]))?;
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let dir = self.dir.display();
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive");
        for option in [
            format!("Dir::Etc::sourcelist={dir}/sources.list"),
            "Dir::Etc::sourceparts=/dev/null".into(),
            "Dir::Etc::preferences=/dev/null".into(),
            "Dir::Etc::preferencesparts=/dev/null".into(),
            format!("Dir::State::status={dir}/status"),
            format!("Dir::State::Lists={dir}/lists"),
            format!("Dir::Cache={dir}"),
            "APT::Sandbox::User=".into(),
            "Acquire::Retries=3".into(),
        ] {
            command.arg("-o").arg(option);
        }
        command
    }

    /// Downloads `packages` with everything they depend on and unpacks it all under `root`. Nothing is installed.
    pub fn unpack(&self, packages: &[&str], root: &Path) -> Result<()> {
        output(
            self.command("apt-get")
                .args([
                    "-o",
                    "Debug::NoLocking=1",
                    "-qq",
                    "-y",
                    "--no-install-recommends",
                    "--download-only",
                    "install",
                ])
                .args(packages),
        )?;
        fs::create_dir_all(root)?;
        for entry in fs::read_dir(self.dir.join("archives"))? {
            let deb = entry?.path();
            if deb.extension().is_some_and(|e| e == "deb") {
                output(Command::new("dpkg-deb").arg("--extract").arg(&deb).arg(root))?;
                fs::remove_file(deb)?;
            }
        }
        Ok(())
    }

    /// Unpacks the source package `name` of exactly `version` under `into`.
    pub fn source(&self, name: &str, version: &str, into: &Path) -> Result<()> {
        fs::create_dir_all(into)?;
        let package = format!("{name}={version}");
        output(self.command("apt-get").args(["-qq", "source", &package]).current_dir(into))?;
        Ok(())
    }

    /// The versions of a source package that the suites have, in no particular order.
    pub fn source_versions(&self, name: &str) -> Result<Vec<String>> {
        let text = output(self.command("apt-cache").args(["showsrc", "--only-source", name]))?;
        Ok(text.lines().filter_map(|line| line.strip_prefix("Version: ")).map(str::to_owned).collect())
    }
}

/// The text of a sources.list for `suites`, from the archive that the system itself uses.
fn sources(suites: &[&str], side: Side) -> Result<String> {
    let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
    if !Path::new(key).exists() {
        bail!(
            "{key} is missing: the suite and the peers come from Debian packages, on Debian or with its archive keyring"
        );
    }
    let system = system_sources()?;
    let archive = match std::env::var("HANDFAST_DEBIAN_ARCHIVE") {
        Ok(uri) => uri,
        Err(_) => archive_uri(&system).context(
            "no Debian archive in /etc/apt: set HANDFAST_DEBIAN_ARCHIVE to the URI of one (…/debian)",
        )?,
    };
    let word = match side {
        Side::Binary => "deb",
        Side::Source => "deb-src",
    };
    let mut text = String::new();
    for suite in suites {
        let security = if suite.ends_with("-security") { "-security" } else { "" };
        text.push_str(&format!("{word} [signed-by={key}] {archive}{security} {suite} main\n"));
    }
    Ok(text)
}

fn system_sources() -> Result<String> {
    let mut text = fs::read_to_string("/etc/apt/sources.list").unwrap_or_default();
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        for entry in entries {
            text.push('\n');
            text.push_str(&fs::read_to_string(entry?.path()).unwrap_or_default());
        }
    }
    Ok(text)
}

/// The first word that looks like the URI of a whole Debian archive, in either format of apt's source files.
fn archive_uri(text: &str) -> Option<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_end_matches('/'))
        .find(|word| word.contains("://") && word.ends_with("/debian"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(archive_uri(text).as_deref(), expect, "{text}");
    }

    #[test]
    fn the_archive_is_found_in_both_formats() {
        check(
            "Types: deb\n# http://old/debian\nURIs: http://mirror.test/debian\nSuites: bookworm\n",
            Some("http://mirror.test/debian"),
        );
        check(
            "deb [signed-by=/k.gpg] https://mirror.test/debian/ bookworm main",
            Some("https://mirror.test/debian"),
        );
        check("deb http://mirror.test/debian-security bookworm-security main\n# deb http://x/debian a", None);
    }
}
