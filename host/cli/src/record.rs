//! `quarry record`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use quarry_contract::RequestKind;
use quarry_gateway::Prepare;
use quarry_provider_host::Generation;
use quarry_versions::compare::{Preparation, SettingsFrom};
use quarry_versions::recording::{Bounds, RecordingError, Tape, Writer, Written};

use super::arguments::{Global, RecordArguments};
use super::exit::Exit;
use super::{chat, terminal};

/// Records the stream of one request.
pub(crate) struct Recorder {
    out: PathBuf,
    prompts: bool,
    writer: Option<Writer>,
}

impl Recorder {
    /// A tape for a request, or for its repetition.
    pub(crate) fn tape(
        &mut self,
        generation: &Arc<Generation>,
        asked: &Prepare,
    ) -> Result<Box<dyn Tape>, RecordingError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::open(&self.out, self.prompts, Bounds::default(), Box::new(drop))?,
        };
        let Prepare { settings, destination, model, context, options } = asked;
        // There is one at a time, so it need not be counted.
        let asked = writer.tapes().asked(0, || Preparation {
            kind: RequestKind::Answer,
            settings: SettingsFrom::Merged(Box::new(settings.clone())),
            region: destination.region().to_string(),
            model: model.clone(),
            context: context.clone(),
            options: options.clone(),
        });
        let tape = writer.tapes().tape(generation, asked);
        self.writer = Some(writer);
        Ok(tape)
    }
}

pub(crate) async fn run(global: &Global, arguments: RecordArguments) -> anyhow::Result<Exit> {
    let RecordArguments { out, prompts, chat } = arguments;
    if chat.dry_run {
        bail!("--dry-run sends nothing, so there is nothing to record");
    }
    let mut recorder = Recorder { out, prompts, writer: None };
    let asked = chat::run(global, chat, Some(&mut recorder)).await;
    let Some(writer) = recorder.writer else { return asked };
    // What came is written however the answer ended.
    let Written { written, skipped, failed } = tokio::task::spawn_blocking(|| writer.finish()).await?;
    let exit = asked?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    match (written, skipped) {
        (0, 0) => terminal::tell_line("no stream started, so nothing was recorded"),
        (0, _) => bail!("the folder {} has no space for the recording", recorder.out.display()),
        _ => terminal::tell_line(&format!("recorded in {}", recorder.out.display())),
    }
    Ok(exit)
}
