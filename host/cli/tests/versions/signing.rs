//! Keys, and signatures that minisign itself makes with them.

use std::fs;
use std::path::Path;

use quarry_config::gateway::Signer;
use tempfile::TempDir;

use crate::debian;

/// A folder with a key pair that has no password.
pub(crate) struct Keys {
    folder: TempDir,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let keys = Keys { folder: tempfile::tempdir().expect("a folder can be made") };
        keys.minisign(&["-G", "-W"]);
        keys
    }

    /// Signs a file, with further options.
    pub(crate) fn sign(&self, file: &Path, options: &[&str]) {
        let file = file.to_str().expect("it is text");
        self.minisign(&[&["-S", "-m", file], options].concat());
    }

    /// Signs a component for what it says of itself, such as `unruly 0.1.0`, with further options.
    pub(crate) fn sign_as(&self, name: &str, file: &Path, more: &str) {
        let (name, version) = name.split_once(' ').expect("a name and a version");
        let comment = format!("quarry:provider name={name} version={version} contract=0.1.0{more}");
        self.sign(file, &["-t", &comment]);
    }

    /// The text of `minisign.pub`.
    pub(crate) fn public(&self) -> String {
        fs::read_to_string(self.folder.path().join("key.pub")).expect("it was made")
    }

    pub(crate) fn signer(&self) -> Signer {
        self.public().parse().expect("a public key")
    }

    fn minisign(&self, arguments: &[&str]) {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = debian::program("minisign", &["minisign", "libsodium23"]);
        command.args(arguments).arg("-s").arg(path("key"));
        if arguments[0] == "-G" {
            command.arg("-p").arg(path("key.pub"));
        }
        let output = command.output().expect("minisign runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
