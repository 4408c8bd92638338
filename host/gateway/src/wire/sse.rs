//! Server-sent events.

use serde::Serialize;

/// Appends `data: JSON` and the blank line that ends an event.
pub(crate) fn data<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    out.extend_from_slice(b"data: ");
    json(out, value);
    out.extend_from_slice(b"\n\n");
}

/// Appends `event: NAME`, `data: JSON` and the blank line.
pub(crate) fn event<T: Serialize + ?Sized>(out: &mut Vec<u8>, name: &str, value: &T) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
    data(out, value);
}

/// Appends a value as JSON. JSON text has no raw line break, so it is always one line of an event.
pub(crate) fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let before = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        // Writing to a vector cannot fail. Only a value that is not JSON (a map whose key is not a string) gets here.
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
}
