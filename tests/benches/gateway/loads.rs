//! The loads, one part a function, and the processes that they need.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Process, cpu_ns, resident_bytes};
use crate::protocol::{Form, Load, Order, Outcome};
use crate::report::Report;
use crate::subject::{Subject, litellm, quarry};
use crate::support::median;

const MANY_PACED: &str = "load.paced.50ms.60";
const FEW_PACED: &str = "load.paced.50ms.40";
const FULL: &str = "load.full.2048";
const BLOCKS: &str = "load.blocks.2048";
const MODELS: [&str; 4] = [MANY_PACED, FEW_PACED, FULL, BLOCKS];
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
    if wanted("full") {
        bench.full_speed();
    }
    if wanted("idle") {
        bench.idle();
    }
    if wanted("peer") {
        bench.peer();
    }
    println!("\n{:.0} s", begun.elapsed().as_secs_f64());
    bench.report
}

impl Bench {
    /// 1,000 streams of one delta every 50 ms.
    fn many_paced(&mut self) {
        const STREAMS: usize = 1000;
        self.report.part("1,000 streams, a delta every 50 ms");
        let idle = resident_bytes(self.gateway.process.id());
        let (mut added, mut p50s, mut p99s, mut cpu, mut resident) = (vec![], vec![], vec![], vec![], 0);
        for _ in 0..RUNS {
            let direct = self.read(Through::Direct, MANY_PACED, STREAMS, 1, 1000);
            let ours = self.read(Through::Gateway, MANY_PACED, STREAMS, 1, 1000);
            added.push(millis(ours.outcome.latency_p99_ns) - millis(direct.outcome.latency_p99_ns));
            p50s.push(millis(ours.outcome.latency_p50_ns));
            p99s.push(millis(ours.outcome.latency_p99_ns));
            cpu.push(ours.cpu_us);
            resident = resident.max(ours.resident);
        }
        let sdk = self.read(Through::Sdk, MANY_PACED, STREAMS, 1, 1000).cpu_us;
        let proxy = self.read(Through::Proxy, MANY_PACED, STREAMS, 1, 1000).cpu_us;
        let report = &mut self.report;
        report.limited("added latency, 99th percentile", median(&mut added), 10.0, "ms");
        report.figure("latency through the gateway, median", median(&mut p50s), "ms");
        report.figure("latency through the gateway, 99th percentile", median(&mut p99s), "ms");
        let memory = resident.saturating_sub(idle) as f64 / 1024.0 / STREAMS as f64;
        report.limited("memory a stream", memory, 150.0, "KiB");
        report.figure("memory of the idle gateway", idle as f64 / 1024.0 / 1024.0, "MiB");
        report.figure("CPU a delta, gateway", median(&mut cpu), "µs");
        report.figure("CPU a delta, SDK's typed receiver", sdk, "µs");
        report.figure("CPU a delta, proxy that copies", proxy, "µs");
    }

    /// 64 streams of one delta every 50 ms: a machine that is mostly idle.
    fn few_paced(&mut self) {
        const STREAMS: usize = 64;
        self.report.part("64 streams, a delta every 50 ms");
        let (mut added, mut ours_p99) = (vec![], vec![]);
        for _ in 0..RUNS {
            let direct = self.read(Through::Direct, FEW_PACED, STREAMS, 1, 50);
            let ours = self.read(Through::Gateway, FEW_PACED, STREAMS, 1, 50);
            added.push(micros(ours.outcome.latency_p50_ns) - micros(direct.outcome.latency_p50_ns));
            ours_p99.push(micros(ours.outcome.latency_p99_ns) - micros(direct.outcome.latency_p99_ns));
        }
        let proxy = self.read(Through::Proxy, FEW_PACED, STREAMS, 1, 50);
        let direct = self.read(Through::Direct, FEW_PACED, STREAMS, 1, 50);
        self.report.limited("added latency, median", median(&mut added), 150.0, "µs");
        self.report.figure("added latency, 99th percentile", median(&mut ours_p99), "µs");
        let proxy = micros(proxy.outcome.latency_p50_ns) - micros(direct.outcome.latency_p50_ns);
        self.report.figure("added latency, median, proxy that copies", proxy, "µs");
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
        self.report.figure("16 streams in chunks of 64 KiB, CPU a delta", median(&mut blocks), "µs");
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

    /// LiteLLM's proxy in the same place. What it loses is told and is not ours to fail for.
    fn peer(&mut self) {
        let Some(peer) = litellm(&self.upstream_origin, &MODELS) else {
            self.report.part("LiteLLM's proxy: not measured, QUARRY_BENCH_LITELLM names no virtual environment");
            return;
        };
        self.report.part("LiteLLM's proxy");
        let process = peer.process.id();
        println!("  {:<34} {:>11} {:>11} {:>14} {:>9}", "", "p50 ms", "p99 ms", "CPU µs a delta", "failed");
        for (name, model, streams, ramp) in [
            ("16 streams at full speed", FULL, 16, 0),
            ("64 streams, a delta every 50 ms", FEW_PACED, 64, 50),
            ("1,000 streams, the same", MANY_PACED, 1000, 1000),
        ] {
            // LiteLLM second: it works on for a while at streams that were given up.
            for (who, origin, process) in
                [("quarry", &self.gateway.origin, self.gateway.process.id()), ("litellm", &peer.origin, process)]
            {
                let load = load(origin, Form::ChatCompletions, model, streams, 1, ramp);
                let cpu = cpu_ns(process);
                let outcome = self.generator.order(&Order::Read(load));
                let cpu = (cpu_ns(process) - cpu) as f64 / 1e3 / outcome.deltas.max(1) as f64;
                let (p50, p99) = (millis(outcome.latency_p50_ns), millis(outcome.latency_p99_ns));
                let failed = outcome.failed;
                println!("  {name:<34} {p50:>11.2} {p99:>11.2} {cpu:>14.2} {failed:>9}  {who}");
                if let Some(failure) = outcome.failures.first() {
                    println!("    {failure}");
                }
            }
        }
    }

    fn read(&mut self, through: Through, model: &str, streams: usize, rounds: usize, ramp_ms: u64) -> Ran {
        let (origin, form, process) = match through {
            Through::Direct => (&self.upstream_origin, Form::Frames, self.upstream.id()),
            Through::Sdk => (&self.upstream_origin, Form::Frames, self.sdk.id()),
            Through::Proxy => (&self.proxy_origin, Form::Frames, self.proxy.id()),
            Through::Gateway => (&self.gateway.origin, Form::ChatCompletions, self.gateway.process.id()),
        };
        let load = load(origin, form, model, streams, rounds, ramp_ms);
        let reader = if through == Through::Sdk { &mut self.sdk } else { &mut self.generator };
        let (reads, serves) = (reader.id(), self.upstream.id());
        let before = [process, serves, reads].map(cpu_ns);
        let (outcome, resident) = most_resident(process, || reader.order(&Order::Read(load)));
        let after = [process, serves, reads].map(cpu_ns);
        let used = |at: usize| (after[at] - before[at]) as f64 / 1e3 / outcome.deltas.max(1) as f64;
        let (cpu_us, upstream_us, generator_us) = (used(0), used(1), used(2));
        self.judge(&format!("{streams} × {rounds} streams of {model}, {through:?}"), &outcome);
        Ran { outcome, cpu_us, upstream_us, generator_us, resident }
    }

    fn judge(&mut self, what: &str, outcome: &Outcome) {
        if outcome.failed > 0 {
            self.report.wrong(format!("{what}: {} failed: {:#?}", outcome.failed, outcome.failures));
        }
    }
}

fn load(origin: &str, form: Form, model: &str, streams: usize, rounds: usize, ramp_ms: u64) -> Load {
    let deltas = crate::script::Script::parse(model).expect("one of the models above").deltas;
    Load { origin: origin.to_owned(), form, model: model.to_owned(), streams, rounds, deltas, ramp_ms }
}

/// The most memory that a process had while something was done.
fn most_resident<T>(process: u32, work: impl FnOnce() -> T) -> (T, u64) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !done.load(Ordering::Relaxed) {
                most = most.max(resident_bytes(process));
                thread::sleep(Duration::from_millis(100));
            }
            most
        });
        let outcome = work();
        done.store(true, Ordering::Relaxed);
        (outcome, watch.join().expect("it only reads"))
    })
}

fn millis(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn micros(ns: u64) -> f64 {
    ns as f64 / 1e3
}
