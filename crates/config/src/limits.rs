//! `[limits]`: limits on everything a client or an application can make long.

use seam::snapshot::Limits;

use crate::{
    key::{Absent, Form, KIB, Key, MIB, seconds, section},
    table::Table,
};

section! {
    "[limits]",
    "Limits on everything a client or an application can make long. Whoever goes beyond is answered by a refusal or cut off.";
    HANDSHAKE "handshake" Form::Duration(seconds(1), seconds(60)), Absent::Default("10s"), "\"10s\"",
        "From the connection to the end of its TLS handshake.";
    HEAD "head" Form::Duration(seconds(1), seconds(120)), Absent::Default("10s"), "\"10s\"",
        "From the first byte of a request's head to its last.";
    IDLE "idle" Form::Duration(seconds(1), seconds(3600)), Absent::Default("75s"), "\"75s\"",
        "Between two requests on a connection that is kept.";
    STALL "stall" Form::Duration(seconds(1), seconds(3600)), Absent::Default("30s"), "\"30s\"",
        "How long a client may be silent, or take nothing, while a body is under way. Time that the application takes doesn't count.";
    LEAST_RATE "least_rate" Form::Size(1, MIB), Absent::Default("100B"), "\"100B\"",
        "Bytes a second that a body must reach on average, up and down: a client that is slower uses up its `stall`, and is then cut off.";
    CONNECT "connect" Form::Duration(seconds(1), seconds(60)), Absent::Default("3s"), "\"3s\"",
        "To connect to an application, TLS included; then the next of its addresses is tried.";
    ANSWER "answer" Form::Duration(seconds(1), seconds(3600)), Absent::Default("60s"), "\"60s\"",
        "From a request that is sent to the head of the application's answer. Longer for slow reports.";
    HEAD_BYTES "head_bytes" Form::Size(4 * KIB, 32 * KIB), Absent::Default("16KiB"), "\"16KiB\"",
        "Bytes of a head, of a request's and of an answer's. More for applications with large cookies.";
    FIELDS "fields" Form::Count(16, 1000, "fields"), Absent::Default("100"), "100",
        "Header fields of a head.";
    CONNECTIONS "connections" Form::Count(16, 1_000_000, "connections"), Absent::Default("16384"), "16384",
        "Client connections of one worker; beyond them new ones are closed.";
    CONNECTIONS_PER_CLIENT "connections_per_client" Form::Count(4, 1_000_000, "connections"), Absent::Default("12288"), "1024",
        "Connections of one client (an IPv4 address or an IPv6 /64) over all workers; beyond them new ones are closed. Trusted proxies are exempt. By default three quarters of what one worker takes, so that nobody takes all; a few hundred are plenty where no large office is behind one address.";
    STREAMS "streams" Form::Count(1, 1000, "streams"), Absent::Default("100"), "100",
        "Requests at once on one HTTP/2 connection.";
    KEPT "kept" Form::Count(0, 10_000, "connections"), Absent::Default("512"), "512",
        "Connections that one worker keeps to one application.";
    DRAIN "drain" Form::Duration(seconds(1), seconds(7 * 86_400)), Absent::Default("1h"), "\"1h\"",
        "How long WebSockets and other streams live on in the old process of an upgrade; then they are cut.";
}

pub(crate) fn read(table: &Table<'_, '_>) -> Limits {
    // The limits of the keys lie within these types; beyond them it is a mistake that
    // was said, and what is returned isn't used.
    let count = |key: &'static Key| table.count(key).unwrap_or_default();
    let limits = Limits {
        handshake: table.duration(&HANDSHAKE),
        head: table.duration(&HEAD),
        idle: table.duration(&IDLE),
        stall: table.duration(&STALL),
        least_rate: u32::try_from(table.size(&LEAST_RATE).unwrap_or_default()).unwrap_or(u32::MAX),
        connect: table.duration(&CONNECT),
        answer: table.duration(&ANSWER),
        head_bytes: u32::try_from(table.size(&HEAD_BYTES).unwrap_or_default()).unwrap_or(u32::MAX),
        fields: u16::try_from(count(&FIELDS)).unwrap_or(u16::MAX),
        connections: u32::try_from(count(&CONNECTIONS)).unwrap_or(u32::MAX),
        connections_per_client: u32::try_from(count(&CONNECTIONS_PER_CLIENT)).unwrap_or(u32::MAX),
        streams: u32::try_from(count(&STREAMS)).unwrap_or(u32::MAX),
        kept: u16::try_from(count(&KEPT)).unwrap_or(u16::MAX),
        drain: table.duration(&DRAIN),
    };
    table.finish();
    limits
}
