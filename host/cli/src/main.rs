//! The `quarry` command: parse, run, exit code. Each file is a command, or one thing that several need.

mod arguments;
mod auth;
mod chat;
mod columns;
mod config;
mod conformance;
mod credentials;
mod doctor;
mod exit;
mod generated;
mod keys;
mod logging;
mod models;
mod problems;
mod progress;
mod provider;
mod record;
mod serve;
mod setup;
mod simulate;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;
use listenfd::ListenFd;

use self::arguments::{ApiCommand, Arguments, AuthCommand, Command, KeysCommand, ModelsCommand};
use self::exit::Exit;

/// Parses the arguments, runs the command, and says how it went by the exit code.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The gateway's logs depend on its configuration, so it starts them itself.
    let logging = match &arguments.command {
        Command::Serve(_) => Ok(None),
        _ => logging::start().map(Some),
    };
    let _logging = match logging {
        Ok(guard) => guard,
        Err(error) => return exit::report(Err(error.into())),
    };
    // Before there are other threads, because it changes the environment.
    let inherited = ListenFd::from_env();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(Err(anyhow::Error::new(error).context("cannot start the async runtime"))),
    };
    let outcome = runtime.block_on(run(arguments, inherited));
    // A read of standard input that nobody waits for any more must not hold the process up.
    runtime.shutdown_background();
    exit::report(outcome)
}

async fn run(Arguments { global, command }: Arguments, inherited: ListenFd) -> anyhow::Result<Exit> {
    match command {
        Command::Chat(arguments) => chat::run(&global, arguments, None).await,
        Command::Record(arguments) => record::run(&global, arguments).await,
        Command::Serve(arguments) => serve::run(&global, arguments, inherited).await,
        Command::Models(ModelsCommand::List(arguments)) => models::list(&global, &arguments).await,
        Command::Models(ModelsCommand::Show(arguments)) => models::show(&global, &arguments).await,
        Command::Auth(AuthCommand::Status(arguments)) => auth::status(&global, &arguments).await,
        Command::Doctor(arguments) => doctor::run(&global, &arguments).await,
        Command::Config(command) => config::run(&global, &command),
        Command::Keys(KeysCommand::Add(arguments)) => keys::add(&global, &arguments),
        Command::Keys(KeysCommand::List(arguments)) => keys::list(&global, &arguments),
        Command::Keys(KeysCommand::Revoke(arguments)) => keys::revoke(&global, &arguments),
        Command::Api(ApiCommand::Schema) => terminal::print_json(&quarry_gateway::openapi()).map(|()| Exit::Done),
        Command::Simulate(arguments) => simulate::run(&arguments).await,
        Command::Conformance(arguments) => conformance::run(&global, &arguments),
        Command::Provider(command) => provider::run(&global, command).await,
        Command::Completions(arguments) => generated::completions(&arguments),
        Command::Man(arguments) => generated::manual_pages(&arguments),
    }
}
