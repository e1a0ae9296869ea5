//! URLs and the targets of redirects: what is taken prints as it reads, and a redirect
//! never leads where the URL that prints for it doesn't.
#![no_main]

use libfuzzer_sys::fuzz_target;
use visitor::Url;

fuzz_target!(|input: (&str, &str)| {
    let (base, location) = input;
    let base = match base.parse::<Url>() {
        Ok(url) => {
            assert_eq!(url.to_string().parse::<Url>().as_ref(), Ok(&url));
            url
        }
        Err(_) => "https://example.com/a/b?c".parse().expect("a URL"),
    };
    if let Ok(to) = base.join(location) {
        assert_eq!(to.to_string().parse::<Url>().as_ref(), Ok(&to), "{location}");
    }
});
