//! The processes of the bench: started, ordered, measured from outside, ended.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::protocol::{LONGEST_ORDER_S, Order, Outcome};

/// The longest that a process may take until it serves: a first start compiles the provider.
const LONGEST_START: Duration = Duration::from_secs(60);

/// A process that is ended with this value.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    orders: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    /// This program again, in another role.
    pub(crate) fn role(name: &'static str, arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
        command.arg("--role").arg(name).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self::start(name, command, |child| Box::new(BufReader::new(child.stdout.take().expect("it is piped"))))
    }

    /// Another program that says on standard error what it does.
    pub(crate) fn program(name: &'static str, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Self::start(name, command, |child| Box::new(BufReader::new(child.stderr.take().expect("it is piped"))))
    }

    /// Another program that says nothing of use, and listens on this port once it is ready.
    pub(crate) fn listening(name: &'static str, mut command: Command, port: u16) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Self::start(name, command, |_| Box::new(std::io::empty()));
        let deadline = Instant::now() + LONGEST_START;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = process.child.try_wait().is_ok_and(|ended| ended.is_some());
            assert!(!ended && Instant::now() < deadline, "{name} does not listen on port {port}");
            std::thread::sleep(Duration::from_millis(100));
        }
        process
    }

    fn start(
        name: &'static str,
        mut command: Command,
        output: impl FnOnce(&mut Child) -> Box<dyn BufRead + Send>,
    ) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let output = output(&mut child);
        let (sender, lines) = channel();
        // Reads on after nobody listens, so that the process never waits for room in the pipe.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { name, orders: child.stdin.take(), child, lines }
    }

    /// Waits for the line that tells the address, and gives the origin: `http://host:port`.
    pub(crate) fn origin(&self) -> String {
        let deadline = Instant::now() + LONGEST_START;
        let mut said = Vec::new();
        loop {
            let line = self.line(deadline.saturating_duration_since(Instant::now()), &said);
            if let Some(at) = line.find("http://127.0.0.1:") {
                let rest = &line[at..];
                let port = "http://127.0.0.1:".len();
                let digits = rest[port..].bytes().take_while(u8::is_ascii_digit).count();
                return rest[..port + digits].to_owned();
            }
            said.push(line);
        }
    }

    /// Has an order carried out.
    pub(crate) fn order(&mut self, order: &Order) -> Outcome {
        let order = serde_json::to_string(order).expect("an order has a JSON form");
        let orders = self.orders.as_mut().expect("only roles get orders");
        writeln!(orders, "{order}").unwrap_or_else(|error| panic!("{} takes no orders: {error}", self.name));
        let line = self.line(Duration::from_secs(LONGEST_ORDER_S + 10), &[]);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{}: {error}: {line}", self.name))
    }

    fn line(&self, longest: Duration, said: &[String]) -> String {
        self.lines.recv_timeout(longest).unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => panic!("{} says nothing for {longest:?}; before: {said:#?}", self.name),
            RecvTimeoutError::Disconnected => panic!("{} ended; it said: {said:#?}", self.name),
        })
    }

    /// What `cpu_ns` and `resident_bytes` want to know.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time that a process has used so far in all threads, user and system, in nanoseconds. Exact to a tick of the kernel, 10 ms.
pub(crate) fn cpu_ns(process: u32) -> u64 {
    const USER: usize = 11;
    const SYSTEM: usize = 12;
    let stat = read(process, "stat");
    // The second field is the program's name in brackets, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("ticks are a number");
    (ticks(USER) + ticks(SYSTEM)) * (1_000_000_000 / rustix::param::clock_ticks_per_second())
}

/// Memory of a process that is resident, in bytes.
pub(crate) fn resident_bytes(process: u32) -> u64 {
    memory_of(process, "VmRSS:")
}

/// The same without pages of files, in bytes: instances share the pages of their component's file, and each mapping of one counts as
/// resident.
pub(crate) fn anonymous_bytes(process: u32) -> u64 {
    memory_of(process, "RssAnon:")
}

fn memory_of(process: u32, kind: &str) -> u64 {
    let status = read(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix(kind)).expect("a process has memory");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("KiB are a number");
    kib * 1024
}

fn read(process: u32, file: &str) -> String {
    let path = format!("/proc/{process}/{file}");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
