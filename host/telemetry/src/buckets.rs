//! Upper bounds of the histograms' buckets, in nanoseconds.

use super::histogram::Bounds;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

/// From the OpenTelemetry convention for `gen_ai.server.time_to_first_token`, and on to the longest silence that is waited for.
pub(super) const FIRST_DELTA: Bounds = &[
    5 * MILLISECOND,
    10 * MILLISECOND,
    20 * MILLISECOND,
    40 * MILLISECOND,
    80 * MILLISECOND,
    100 * MILLISECOND,
    250 * MILLISECOND,
    500 * MILLISECOND,
    750 * MILLISECOND,
    1_000 * MILLISECOND,
    2_500 * MILLISECOND,
    5_000 * MILLISECOND,
    7_500 * MILLISECOND,
    10_000 * MILLISECOND,
    30_000 * MILLISECOND,
    60_000 * MILLISECOND,
    300_000 * MILLISECOND,
];

/// From the convention for `gen_ai.server.time_per_output_token`; gaps of 40 s were seen in streams that went on.
pub(super) const BETWEEN_DELTAS: Bounds = &[
    MILLISECOND,
    5 * MILLISECOND,
    10 * MILLISECOND,
    25 * MILLISECOND,
    50 * MILLISECOND,
    75 * MILLISECOND,
    100 * MILLISECOND,
    150 * MILLISECOND,
    200 * MILLISECOND,
    300 * MILLISECOND,
    500 * MILLISECOND,
    1_000 * MILLISECOND,
    2_500 * MILLISECOND,
    10_000 * MILLISECOND,
    60_000 * MILLISECOND,
    300_000 * MILLISECOND,
];

/// The convention's doubling buckets for `gen_ai.server.request.duration`, up to eleven minutes.
pub(super) const WHOLE: Bounds = &[
    10 * MILLISECOND,
    20 * MILLISECOND,
    40 * MILLISECOND,
    80 * MILLISECOND,
    160 * MILLISECOND,
    320 * MILLISECOND,
    640 * MILLISECOND,
    1_280 * MILLISECOND,
    2_560 * MILLISECOND,
    5_120 * MILLISECOND,
    10_240 * MILLISECOND,
    20_480 * MILLISECOND,
    40_960 * MILLISECOND,
    81_920 * MILLISECOND,
    163_840 * MILLISECOND,
    327_680 * MILLISECOND,
    655_360 * MILLISECOND,
];

/// A push takes about a microsecond (measured), and is stopped after half a second.
pub(super) const GUEST_PUSH: Bounds = &[
    MICROSECOND / 2,
    MICROSECOND,
    2 * MICROSECOND,
    4 * MICROSECOND,
    8 * MICROSECOND,
    16 * MICROSECOND,
    32 * MICROSECOND,
    64 * MICROSECOND,
    128 * MICROSECOND,
    256 * MICROSECOND,
    MILLISECOND,
    10 * MILLISECOND,
    100 * MILLISECOND,
    500 * MILLISECOND,
];
