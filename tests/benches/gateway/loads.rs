//! The loads, one part a function, and the processes that they need.

mod requests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Process, anonymous_bytes, cpu_ns, resident_bytes};
use crate::protocol::{Form, Load, Order, Outcome};
use crate::report::Report;
use crate::subject::{Subject, peers, quarry};
use crate::support::median;

const MANY_PACED: &str = "load.paced.50ms.60";
const FEW_PACED: &str = "load.paced.20ms.100";
const FULL: &str = "load.full.2048";
const BLOCKS: &str = "load.blocks.2048";
const MODELS: [&str; 5] = [MANY_PACED, FEW_PACED, FULL, BLOCKS, requests::SHORT];
/// Runs of each load; the median counts.
const RUNS: usize = 3;

struct Bench {
    report: Report,
    upstream: Process,
    upstream_origin: String,
    generator: Process,
    sdk: Process,
    proxy: Process,
    proxy_origin: String,
    gateway: Subject,
}

/// Where a load goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Through {
    Direct,
    Sdk,
    Proxy,
    Gateway,
}

/// A load that has run.
struct Ran {
    outcome: Outcome,
    /// CPU time of what it went through, a delta, in µs.
    cpu_us: f64,
    upstream_us: f64,
    generator_us: f64,
    /// The most memory that what it went through had meanwhile, in bytes.
    resident: u64,
    /// The same without pages of files.
    anonymous: u64,
}

/// Runs all parts, or the one that is named.
pub(crate) fn run(only: Option<&str>) -> Report {
    let upstream = Process::role("upstream", &[]);
    let upstream_origin = upstream.origin();
    let proxy = Process::role("proxy", &[&upstream_origin]);
    let proxy_origin = proxy.origin();
    let gateway = quarry(&upstream_origin, &MODELS);
    let (generator, sdk) = (Process::role("generator", &[]), Process::role("sdk", &[]));
    let mut bench =
        Bench { report: Report::default(), upstream, upstream_origin, generator, sdk, proxy, proxy_origin, gateway };
    let begun = Instant::now();
    for through in [Through::Sdk, Through::Proxy, Through::Gateway] {
        bench.read(through, FULL, 1, 2, 0);
    }
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    if wanted("paced") {
        bench.many_paced();
        bench.few_paced();
    }
    if wanted("requests") {
        bench.requests();
    }
    if wanted("rates") {
        bench.rates();
    }
    if wanted("full") {
        bench.full_speed();
    }
    if wanted("idle") {
        bench.idle();
    }
    if wanted("peers") {
        bench.peers();
    }
    println!("\n{:.0} s", begun.elapsed().as_secs_f64());
    bench.report
}

impl Bench {
    /// 1,000 streams of one delta every 50 ms.
    fn many_paced(&mut self) {
        const STREAMS: usize = 1000;
        self.report.part("1,000 streams, a delta every 50 ms");
        let process = self.gateway.process.id();
        let (idle, idle_anonymous) = (resident_bytes(process), anonymous_bytes(process));
        let (mut added, mut p50s, mut p99s, mut cpu) = (vec![], vec![], vec![], vec![]);
        let (mut resident, mut anonymous) = (0, 0);
        for _ in 0..RUNS {
            let direct = self.read(Through::Direct, MANY_PACED, STREAMS, 1, 1000);
            let ours = self.read(Through::Gateway, MANY_PACED, STREAMS, 1, 1000);
            added.push(millis(ours.outcome.latency.p99) - millis(direct.outcome.latency.p99));
            p50s.push(millis(ours.outcome.latency.p50));
            p99s.push(millis(ours.outcome.latency.p99));
            cpu.push(ours.cpu_us);
            resident = resident.max(ours.resident);
            anonymous = anonymous.max(ours.anonymous);
        }
        let sdk = self.read(Through::Sdk, MANY_PACED, STREAMS, 1, 1000).cpu_us;
        let proxy = self.read(Through::Proxy, MANY_PACED, STREAMS, 1, 1000).cpu_us;
        let report = &mut self.report;
        report.limited("added latency, 99th percentile", median(&mut added), 5.0, "ms");
        report.figure("latency through the gateway, median", median(&mut p50s), "ms");
        report.figure("latency through the gateway, 99th percentile", median(&mut p99s), "ms");
        let each = |most: u64, idle: u64| most.saturating_sub(idle) as f64 / 1024.0 / STREAMS as f64;
        report.limited("memory a stream", each(resident, idle), 60.0, "KiB");
        report.figure("of it no pages of files", each(anonymous, idle_anonymous), "KiB");
        report.figure("memory of the idle gateway", mebibytes(idle), "MiB");
        report.figure("CPU a delta, gateway", median(&mut cpu), "µs");
        report.figure("CPU a delta, SDK's typed receiver", sdk, "µs");
        report.figure("CPU a delta, proxy that copies", proxy, "µs");
    }

    /// 64 streams of one delta every 20 ms: a machine that is mostly idle.
    fn few_paced(&mut self) {
        const STREAMS: usize = 64;
        self.report.part("64 streams, a delta every 20 ms");
        // Memory that was used before and is free again would hide what these take.
        let gateway = std::mem::replace(&mut self.gateway, quarry(&self.upstream_origin, &MODELS));
        let idle = resident_bytes(self.gateway.process.id());
        let (mut added, mut ours_p99, mut cpu, mut resident) = (vec![], vec![], vec![], 0);
        for _ in 0..RUNS {
            let direct = self.read(Through::Direct, FEW_PACED, STREAMS, 1, 20);
            let ours = self.read(Through::Gateway, FEW_PACED, STREAMS, 1, 20);
            added.push(micros(ours.outcome.latency.p50) - micros(direct.outcome.latency.p50));
            ours_p99.push(micros(ours.outcome.latency.p99) - micros(direct.outcome.latency.p99));
            cpu.push(ours.cpu_us);
            resident = resident.max(ours.resident);
        }
        let after = resident_bytes(self.gateway.process.id());
        self.gateway = gateway;
        let sdk = self.read(Through::Sdk, FEW_PACED, STREAMS, 1, 20).cpu_us;
        let proxy = self.read(Through::Proxy, FEW_PACED, STREAMS, 1, 20);
        let direct = self.read(Through::Direct, FEW_PACED, STREAMS, 1, 20);
        let report = &mut self.report;
        report.limited("added latency, median", median(&mut added), 100.0, "µs");
        report.figure("added latency, 99th percentile", median(&mut ours_p99), "µs");
        let copied = micros(proxy.outcome.latency.p50) - micros(direct.outcome.latency.p50);
        report.figure("added latency, median, proxy that copies", copied, "µs");
        report.limited("CPU a delta, gateway", median(&mut cpu), 30.0, "µs");
        report.figure("CPU a delta, SDK's typed receiver", sdk, "µs");
        report.figure("CPU a delta, proxy that copies", proxy.cpu_us, "µs");
        report.limited("memory of a gateway that has just started", mebibytes(idle), 25.0, "MiB");
        report.figure("memory with 64 streams", mebibytes(resident), "MiB");
        report.limited("memory after 64 streams", mebibytes(after), 45.0, "MiB");
    }

    /// As fast as everybody can; streams of 2,048 deltas, each an HTTP chunk.
    fn full_speed(&mut self) {
        self.report.part("full speed: CPU µs a delta, from the first byte of the request to the last of the answer");
        println!("  streams   SDK typed      proxy    gateway   upstream  generator  deltas/s");
        let (mut first, mut last) = (0.0, 0.0);
        let mut ratios = vec![];
        // As many streams in each load, or more, and all as long: what a request costs is the same share of all.
        for (streams, rounds) in [(1, 256), (16, 16), (64, 4), (256, 1), (1000, 1)] {
            let (mut sdk, mut proxy, mut ours) = (vec![], vec![], vec![]);
            let (mut upstream, mut generator, mut speed) = (vec![], vec![], vec![]);
            for _ in 0..RUNS {
                sdk.push(self.read(Through::Sdk, FULL, streams, rounds, 0).cpu_us);
                proxy.push(self.read(Through::Proxy, FULL, streams, rounds, 0).cpu_us);
                let ran = self.read(Through::Gateway, FULL, streams, rounds, 0);
                ours.push(ran.cpu_us);
                upstream.push(ran.upstream_us);
                generator.push(ran.generator_us);
                speed.push(ran.outcome.deltas as f64 / ran.outcome.elapsed_ns as f64 * 1e9);
            }
            let (sdk, proxy, ours) = (median(&mut sdk), median(&mut proxy), median(&mut ours));
            let (upstream, generator, speed) = (median(&mut upstream), median(&mut generator), median(&mut speed));
            println!(
                "  {streams:>7} {sdk:>11.2} {proxy:>10.2} {ours:>10.2} {upstream:>10.2} {generator:>10.2} {speed:>9.0}"
            );
            ratios.push((streams, ours / (sdk + proxy)));
            if streams == 1 {
                first = ours;
            }
            last = ours;
        }
        for (streams, ratio) in ratios {
            let what = format!("{streams} streams: gateway / (SDK + proxy)");
            self.report.limited(&what, ratio, 1.0, "");
        }
        let (mut blocks, mut chunks) = (vec![], vec![]);
        for _ in 0..RUNS {
            blocks.push(self.read(Through::Gateway, BLOCKS, 16, 16, 0).cpu_us);
            chunks.push(self.read(Through::Gateway, FULL, 16, 16, 0).cpu_us);
        }
        self.report.figure("16 streams in chunks of 16 KiB, CPU a delta", median(&mut blocks), "µs");
        self.report.figure("16 streams, a chunk an event, CPU a delta", median(&mut chunks), "µs");
        // "Flat" has no figure in the issue; half as much again is more than noise.
        self.report.limited("1,000 streams / 1 stream, CPU a delta", last / first, 1.5, "");
    }

    /// Connections that have served a request and wait for the next.
    fn idle(&mut self) {
        const CONNECTIONS: usize = 10_000;
        self.report.part("10,000 idle connections");
        // One that has just started: memory that was used before and is free again would hide what a connection takes.
        let gateway = quarry(&self.upstream_origin, &MODELS);
        let process = gateway.process.id();
        let first = self.generator.order(&Order::Hold { origin: gateway.origin.clone(), connections: 1 });
        self.judge("idle connections", &first);
        let before = resident_bytes(process);
        let origin = gateway.origin.clone();
        let held = self.generator.order(&Order::Hold { origin, connections: CONNECTIONS });
        self.judge("idle connections", &held);
        let each = resident_bytes(process).saturating_sub(before) as f64 / 1024.0 / CONNECTIONS as f64;
        self.report.figure("memory a connection", each, "KiB");
        let (cpu, begun) = (cpu_ns(process), Instant::now());
        thread::sleep(Duration::from_secs(3));
        let busy = (cpu_ns(process) - cpu) as f64 / begun.elapsed().as_nanos() as f64 * 100.0;
        self.report.figure("CPU meanwhile, of one core", busy, "%");
        self.generator.order(&Order::Release);
    }

    /// The gateways of others in the same place. What they lose is told and is not ours to fail for.
    fn peers(&mut self) {
        let peers = peers(&self.upstream_origin, &MODELS);
        if peers.is_empty() {
            self.report.part("others: not measured, QUARRY_BENCH_LITELLM and QUARRY_BENCH_PORTKEY name none");
            return;
        }
        self.report.part("others");
        println!("  {:<34} {:>11} {:>11} {:>14} {:>9}", "", "p50 ms", "p99 ms", "CPU µs a delta", "failed");
        for (name, model, streams, ramp) in [
            ("16 streams at full speed", FULL, 16, 0),
            ("64 streams, a delta every 20 ms", FEW_PACED, 64, 50),
            ("1,000 streams, a delta every 50 ms", MANY_PACED, 1000, 1000),
        ] {
            // Ours first: others work on for a while at streams that were given up.
            let all = std::iter::once(("quarry", &self.gateway)).chain(peers.iter().map(|(name, peer)| (*name, peer)));
            for (who, subject) in all {
                let load = Load {
                    headers: subject.headers.clone(),
                    ..load(&subject.origin, Form::ChatCompletions, model, streams, 1, ramp)
                };
                let process = subject.process.id();
                let cpu = cpu_ns(process);
                let outcome = self.generator.order(&Order::Read(load));
                let cpu = (cpu_ns(process) - cpu) as f64 / 1e3 / outcome.deltas.max(1) as f64;
                let (p50, p99) = (millis(outcome.latency.p50), millis(outcome.latency.p99));
                let failed = outcome.failed;
                println!("  {name:<34} {p50:>11.2} {p99:>11.2} {cpu:>14.2} {failed:>9}  {who}");
                if let Some(failure) = outcome.failures.first() {
                    println!("    {failure}");
                }
            }
        }
    }

    fn read(&mut self, through: Through, model: &str, streams: usize, rounds: usize, ramp_ms: u64) -> Ran {
        let form = if through == Through::Gateway { Form::ChatCompletions } else { Form::Frames };
        self.read_as(through, form, model, streams, rounds, ramp_ms)
    }

    fn read_as(
        &mut self,
        through: Through,
        form: Form,
        model: &str,
        streams: usize,
        rounds: usize,
        ramp_ms: u64,
    ) -> Ran {
        let (origin, process) = match through {
            Through::Direct => (&self.upstream_origin, self.upstream.id()),
            Through::Sdk => (&self.upstream_origin, self.sdk.id()),
            Through::Proxy => (&self.proxy_origin, self.proxy.id()),
            Through::Gateway => (&self.gateway.origin, self.gateway.process.id()),
        };
        let load = load(origin, form, model, streams, rounds, ramp_ms);
        let reader = if through == Through::Sdk { &mut self.sdk } else { &mut self.generator };
        let (reads, serves) = (reader.id(), self.upstream.id());
        let before = [process, serves, reads].map(cpu_ns);
        let (outcome, resident, anonymous) = most_resident(process, || reader.order(&Order::Read(load)));
        let after = [process, serves, reads].map(cpu_ns);
        let used = |at: usize| (after[at] - before[at]) as f64 / 1e3 / outcome.deltas.max(1) as f64;
        let (cpu_us, upstream_us, generator_us) = (used(0), used(1), used(2));
        self.judge(&format!("{streams} × {rounds} streams of {model}, {through:?}"), &outcome);
        Ran { outcome, cpu_us, upstream_us, generator_us, resident, anonymous }
    }

    fn judge(&mut self, what: &str, outcome: &Outcome) {
        if outcome.failed > 0 {
            self.report.wrong(format!("{what}: {} failed: {:#?}", outcome.failed, outcome.failures));
        }
    }
}

fn load(origin: &str, form: Form, model: &str, streams: usize, rounds: usize, ramp_ms: u64) -> Load {
    let deltas = deltas_of(model);
    let (origin, model, headers) = (origin.to_owned(), model.to_owned(), Vec::new());
    Load { origin, form, model, streams, rounds, deltas, ramp_ms, headers }
}

fn deltas_of(model: &str) -> u64 {
    crate::script::Script::parse(model).expect("one of the models above").deltas
}

/// The most memory that a process had while something was done, and the most without pages of files.
fn most_resident<T>(process: u32, work: impl FnOnce() -> T) -> (T, u64, u64) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let (mut resident, mut anonymous) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                resident = resident_bytes(process).max(resident);
                anonymous = anonymous_bytes(process).max(anonymous);
                thread::sleep(Duration::from_millis(100));
            }
            (resident, anonymous)
        });
        let outcome = work();
        done.store(true, Ordering::Relaxed);
        let (resident, anonymous) = watch.join().expect("it only reads");
        (outcome, resident, anonymous)
    })
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

fn millis(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn micros(ns: u64) -> f64 {
    ns as f64 / 1e3
}
