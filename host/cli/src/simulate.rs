//! `quarry simulate`.

use anyhow::Context as _;
use quarry_simulator::{FAULTS, Pace, Simulator, SimulatorOptions};

use super::arguments::SimulateArguments;
use super::exit::Exit;
use super::terminal;

pub(crate) async fn run(arguments: &SimulateArguments) -> anyhow::Result<Exit> {
    if arguments.list_faults {
        for fault in FAULTS {
            terminal::print_line(&format!("{:<36} {}", fault.id, fault.does))?;
        }
        return Ok(Exit::Done);
    }
    let pace = if arguments.instant { Pace::Instant } else { Pace::Model };
    let options = SimulatorOptions { pace, ..SimulatorOptions::default() };
    let simulator = Simulator::bind(arguments.listen, options)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = simulator.local_addr();
    terminal::print_line(&format!("Simulating Amazon Bedrock on http://{address} (Ctrl-C ends it)"))?;
    terminal::tell(&format!(
        "  Use it from any AWS SDK: AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any\n  \
         Model ids that simulate faults: quarry simulate --list-faults\n"
    ));
    let ended = async { drop(tokio::signal::ctrl_c().await) };
    simulator.run(ended).await.context("the simulator stopped")?;
    Ok(Exit::Done)
}
