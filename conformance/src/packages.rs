//! Packages of other languages, at fixed versions, fetched with those languages' own tools on first use.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cache;
use crate::command::output;

/// A Python that has these packages.
pub fn python(packages: &[&str]) -> Result<PathBuf> {
    let dir = cache::once(&directory("python", packages), |dir| {
        output(Command::new("python3").args(["-m", "venv"]).arg(dir.join("venv")))?;
        let python = dir.join("venv/bin/python");
        output(Command::new(python).args(PIP).arg("install").args(packages))?;
        Ok(())
    })?;
    Ok(dir.join("venv/bin/python"))
}

/// A `NODE_PATH` that has these packages.
pub fn node_path(packages: &[&str]) -> Result<PathBuf> {
    let dir = cache::once(&directory("node", packages), |dir| {
        let arguments = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        output(Command::new("npm").args(arguments).arg(dir).args(packages))?;
        Ok(())
    })?;
    Ok(dir.join("node_modules"))
}

/// The unpacked source of a Python package, with the tests that its authors run.
pub fn python_source(package: &str) -> Result<PathBuf> {
    let (name, version) = package.split_once("==").context("a package has a version")?;
    let dir = cache::once(&directory("source", &[package]), |dir| {
        let arguments = ["download", "--no-deps", "--no-binary", name, "--dest"];
        output(Command::new("python3").args(PIP).args(arguments).arg(dir).arg(package))?;
        let archive = dir.join(format!("{name}-{version}.tar.gz"));
        output(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(dir))?;
        Ok(())
    })?;
    let source = dir.join(format!("{name}-{version}"));
    ensure!(source.is_dir(), "{package} unpacks to something else than {}", source.display());
    Ok(source)
}

const PIP: [&str; 4] = ["-m", "pip", "--quiet", "--disable-pip-version-check"];

/// A name in the cache that another choice of packages, or of versions, does not have.
fn directory(language: &str, packages: &[&str]) -> String {
    format!("{language}-{}", packages.join("+").replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::directory;

    #[test]
    fn directories_differ_by_version_and_have_no_slashes() {
        assert_eq!(
            directory("node", &["redis@6.3.1", "@scope/name@1.0.0"]),
            "node-redis@6.3.1+@scope-name@1.0.0"
        );
        assert_ne!(directory("python", &["redis==8.1.0"]), directory("python", &["redis==8.1.1"]));
    }
}
