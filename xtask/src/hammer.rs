//! Mutated bus packets against a live cluster whose servers run under AddressSanitizer.

use std::path::Path;

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::toolchain::Toolchain;

/// It shall keep little of what was freed: what it keeps looks like growth. Leaks are told when a server ends.
const ASAN_OPTIONS: &str = "quarantine_size_mb=8:malloc_context_size=12:detect_leaks=1:abort_on_error=1";

/// Builds the server, with the system's allocator, which the sanitizer watches; the rest is for the `conformance` program.
pub fn hammer(arguments: &[String], target: &Path) -> Result<()> {
    let toolchain = Toolchain::find()?;
    let build =
        ["build", "--quiet", "--profile", "checked", "--package", "handfast", "--no-default-features"];
    run(toolchain.cargo(&build, &[], target))?;
    let server = toolchain.programs(target, "checked").join("handfast");
    let mut command =
        cargo(&["run", "--quiet", "--profile", "checked", "--package", "conformance", "--", "hammer"]);
    command.args(arguments).env("HANDFAST_SERVER", server).env("ASAN_OPTIONS", ASAN_OPTIONS);
    run(command)
}
