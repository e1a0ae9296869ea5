//! Small fields of requests that we read ourselves: `traceparent`, request ids and
//! `Accept-Language`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terms::{Language, RequestId, TraceParent};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(parent) = TraceParent::parse(bytes) {
        assert!(parent.trace != [0; 16] && parent.parent != [0; 8]);
        let header = parent.header();
        assert_eq!(TraceParent::parse(&header), Ok(parent));
        assert_eq!(header[3..], bytes[3..55], "the same but for the version");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(id) = text.parse::<RequestId>() {
        assert_eq!(id.to_string(), text);
        assert_eq!(id.hex(), *bytes);
    }
    let _ = Language::preferred(text);
});
