//! The first floor: the AWS SDK's typed receiver alone. Reads the streams and renders nothing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::{ContentBlockDelta, ConverseStreamOutput};
use tokio::task::JoinSet;

use crate::protocol::{LONGEST_ORDER_S, Load, Order, Outcome, obey};
use crate::support::typed::{message, typed_client};

/// Carries out orders until the bench is over.
pub(crate) fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    obey(|order| match order {
        Order::Read(load) => runtime.block_on(read(load)),
        Order::Send(_) | Order::Hold { .. } | Order::Release => Outcome::default(),
    });
}

async fn read(load: Load) -> Outcome {
    let client = typed_client(&load.origin);
    let begun = Instant::now();
    let deadline = tokio::time::Instant::from_std(begun + Duration::from_secs(LONGEST_ORDER_S));
    let mut streams = JoinSet::new();
    for index in 0..load.streams {
        let (client, load) = (client.clone(), load.clone());
        let wait = Duration::from_millis(load.ramp_ms).mul_f64(index as f64 / load.streams as f64);
        streams.spawn(async move {
            tokio::time::sleep(wait).await;
            let all = async {
                let mut deltas = 0;
                for _ in 0..load.rounds {
                    deltas += stream(&client, &load).await?;
                }
                Ok(deltas)
            };
            tokio::time::timeout_at(deadline, all)
                .await
                .unwrap_or_else(|_| Err(format!("not done after {LONGEST_ORDER_S} s")))
        });
    }
    let mut outcome = Outcome::default();
    while let Some(ended) = streams.join_next().await {
        match ended.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(deltas) => {
                outcome.deltas += deltas;
                outcome.answers += load.rounds as u64;
            }
            Err(failure) => outcome.fail(failure),
        }
    }
    outcome.elapsed_ns = begun.elapsed().as_nanos() as u64;
    outcome
}

async fn stream(client: &Client, load: &Load) -> Result<u64, String> {
    let answer = client.converse_stream().model_id(&load.model).messages(message()).send().await;
    let mut stream = answer.map_err(|error| format!("no answer: {error:?}"))?.stream;
    let (mut deltas, mut ended) = (0, false);
    while let Some(event) = stream.recv().await.map_err(|error| format!("the stream broke off: {error:?}"))? {
        match black_box(event) {
            ConverseStreamOutput::ContentBlockDelta(event) => {
                deltas += u64::from(matches!(event.delta, Some(ContentBlockDelta::Text(_))));
            }
            ConverseStreamOutput::Metadata(_) => ended = true,
            _ => {}
        }
    }
    if deltas == load.deltas && ended { Ok(deltas) } else { Err(format!("{deltas} deltas, end: {ended}")) }
}
