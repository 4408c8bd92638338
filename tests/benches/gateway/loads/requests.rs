//! What a request costs, where the answer is short: as fast as 16 clients or one get their answers, and at rates that others publish.

use super::{Bench, MODELS, RUNS, Ran, Through, deltas_of, millis};
use crate::process::{cpu_ns, resident_bytes};
use crate::protocol::{Form, Order, Outcome, Rate};
use crate::subject::peers;
use crate::support::median;

/// Twenty deltas, each an HTTP chunk.
pub(super) const SHORT: &str = "load.full.20";
/// Requests a second.
const RATES: [u64; 4] = [100, 500, 1000, 2000];
/// For how long each rate lasts, in seconds.
const RATE_SECONDS: u64 = 4;
/// A prompt of a sentence, and one of about 100,000 tokens, in bytes.
const PROMPTS: [(&str, usize); 2] = [("small prompt", 100), ("prompt of 100,000 tokens", 500_000)];

impl Bench {
    /// Answers of 20 deltas.
    pub(super) fn requests(&mut self) {
        self.report.part("answers of 20 deltas: CPU µs a request");
        println!("  {:<28} {:>10} {:>9} {:>11} {:>11}", "", "requests/s", "CPU µs", "p50 ms", "first byte");
        for (what, form, clients, rounds, limits) in [
            ("JSON, 16 clients", Form::Json, 16, 200, Some(5500.0)),
            ("streams, 16 clients", Form::ChatCompletions, 16, 200, Some(4000.0)),
            ("JSON, 1 client", Form::Json, 1, 1500, None),
            ("streams, 1 client", Form::ChatCompletions, 1, 1500, None),
        ] {
            let mut ours = Figures::default();
            let mut direct = Figures::default();
            let mut sdk = vec![];
            for _ in 0..RUNS {
                ours.add(&self.read_as(Through::Gateway, form, SHORT, clients, rounds, 0));
                direct.add(&self.read(Through::Direct, SHORT, clients, rounds, 0));
                sdk.push(a_request(&self.read(Through::Sdk, SHORT, clients, rounds, 0)));
            }
            let added = ours.print(what) - direct.print("  the upstream alone");
            let report = &mut self.report;
            report.figure("SDK's typed receiver, CPU a request", median(&mut sdk), "µs");
            match limits {
                Some(least) => {
                    report.limited(&format!("{what}: CPU a request"), median(&mut ours.cpu), 220.0, "µs");
                    report.at_least(&format!("{what}: requests a second"), median(&mut ours.speed), least);
                }
                None if form == Form::ChatCompletions => {
                    report.limited("first byte of a stream, added, 1 client", added, 0.35, "ms");
                }
                None => {}
            }
        }
    }

    /// Requests at a rate: what this gateway and those of others add to the time of an answer.
    pub(super) fn rates(&mut self) {
        self.report
            .part("a stream of 20 deltas a request, at a rate: what is added to the upstream's time, to the last byte");
        let heads = ["p50 ms", "p99 ms", "CPU µs", "MiB", "failed"];
        let [p50, p99, cpu, memory, failed] = heads;
        println!("  {:<34} {:>8} {p50:>10} {p99:>10} {cpu:>9} {memory:>7} {failed:>7}", "", "a second");
        let peers = peers(&self.upstream_origin, &MODELS);
        for (prompt, bytes) in PROMPTS {
            for per_second in RATES {
                let upstream = self.upstream_origin.clone();
                let direct = self.generator.order(&rate(&upstream, Form::Frames, per_second, bytes, &[]));
                let all =
                    std::iter::once(("quarry", &self.gateway)).chain(peers.iter().map(|(name, peer)| (*name, peer)));
                for (who, subject) in all {
                    let process = subject.process.id();
                    let order = rate(&subject.origin, Form::ChatCompletions, per_second, bytes, &subject.headers);
                    let cpu = cpu_ns(process);
                    let outcome = self.generator.order(&order);
                    let cpu = (cpu_ns(process) - cpu) as f64 / 1e3 / outcome.answers.max(1) as f64;
                    let p50 = millis(outcome.whole.p50) - millis(direct.whole.p50);
                    let p99 = millis(outcome.whole.p99) - millis(direct.whole.p99);
                    let (memory, failed) = (resident_bytes(process) >> 20, outcome.failed);
                    let what = format!("{who}, {prompt}");
                    println!("  {what:<34} {per_second:>8} {p50:>10.2} {p99:>10.2} {cpu:>9.0} {memory:>7} {failed:>7}");
                    if let Some(failure) = outcome.failures.first() {
                        println!("    {failure}");
                    }
                }
            }
        }
    }
}

fn rate(origin: &str, form: Form, per_second: u64, prompt: usize, headers: &[(String, String)]) -> Order {
    let (origin, model, headers) = (origin.to_owned(), SHORT.to_owned(), headers.to_vec());
    let (seconds, deltas) = (RATE_SECONDS, deltas_of(SHORT));
    Order::Send(Rate { origin, form, model, deltas, per_second, seconds, prompt, headers })
}

/// Figures of several runs.
#[derive(Default)]
struct Figures {
    speed: Vec<f64>,
    cpu: Vec<f64>,
    p50: Vec<f64>,
    first_byte: Vec<f64>,
}

impl Figures {
    fn add(&mut self, ran: &Ran) {
        let Outcome { answers, elapsed_ns, whole, first_byte, .. } = &ran.outcome;
        self.speed.push(*answers as f64 / *elapsed_ns as f64 * 1e9);
        self.cpu.push(a_request(ran));
        self.p50.push(millis(whole.p50));
        self.first_byte.push(millis(first_byte.p50));
    }

    /// Prints the medians, and gives the one of the first byte.
    fn print(&mut self, what: &str) -> f64 {
        let Figures { speed, cpu, p50, first_byte } = self;
        let (speed, cpu, p50, first_byte) = (median(speed), median(cpu), median(p50), median(first_byte));
        println!("  {what:<28} {speed:>10.0} {cpu:>9.1} {p50:>11.3} {first_byte:>11.3}");
        first_byte
    }
}

/// CPU time of what a load went through, a request, in µs.
fn a_request(ran: &Ran) -> f64 {
    ran.cpu_us * ran.outcome.deltas as f64 / ran.outcome.answers.max(1) as f64
}
