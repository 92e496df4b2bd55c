//! x
/// x
pub fn run(_: &crate::cli::ProbeArgs) -> anyhow::Result<std::process::ExitCode> {
    Ok(std::process::ExitCode::SUCCESS)
}
