//! Files going out: streamed, whole or one range, never shown as a page.

use std::{io, ops::RangeInclusive};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use http::{HeaderMap, Method, StatusCode, header};
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};

use super::{
    App,
    flow::{Source, flow},
    identity::Visitor,
    pages::{self, At},
};

/// How much is read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// `GET /customers/{customer}/files/{file}`.
pub(super) async fn send(
    State(app): State<App>,
    visitor: Visitor,
    At((customer, id)): At<(u32, u64)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let kept = app
        .book()
        .customer(customer)
        .and_then(|customer| customer.files.iter().find(|kept| kept.id == id).cloned());
    let Some(kept) = kept else {
        return pages::not_found(visitor).await;
    };
    let mut file = match app.0.space.read(id).await {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(%error, "a kept upload can't be read");
            return pages::problem(
                visitor,
                StatusCode::INTERNAL_SERVER_ERROR,
                "The file can't be read",
                "It was kept, but it can't be found on the disk.",
            );
        }
    };
    let mut answer = Response::builder()
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_DISPOSITION, attachment(&kept.name))
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CACHE_CONTROL, "private, no-store")
        .header(header::ACCEPT_RANGES, "bytes");
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Asked::Whole, |value| range(value, kept.bytes));
    let (from, length) = match asked {
        Asked::Whole => (0, kept.bytes),
        Asked::Part(part) => {
            let (first, last) = part.into_inner();
            answer = answer.status(StatusCode::PARTIAL_CONTENT).header(
                header::CONTENT_RANGE,
                format!("bytes {first}-{last}/{}", kept.bytes),
            );
            (first, last - first + 1)
        }
        Asked::Beyond => {
            let whole = format!("bytes */{}", kept.bytes);
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            return (status, [(header::CONTENT_RANGE, whole)]).into_response();
        }
    };
    answer = answer.header(header::CONTENT_LENGTH, length);
    if method == Method::HEAD {
        return built(answer.body(Body::empty()));
    }
    let (source, body) = flow();
    app.0.tasks.spawn(async move {
        if let Err(error) = copy(&mut file, from, length, &source).await {
            // The client may be gone; then nobody needs the error either.
            let _ = source.send(Err(error)).await;
        }
    });
    built(answer.body(Body::new(body)))
}

fn built(answer: http::Result<Response>) -> Response {
    // Header values here are of our own making and always valid.
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn copy(file: &mut File, from: u64, length: u64, to: &Source) -> io::Result<()> {
    file.seek(io::SeekFrom::Start(from)).await?;
    let mut part = file.take(length);
    let mut left = length;
    while left != 0 {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let read = part.read_buf(&mut piece).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        if to.send(Ok(piece.freeze())).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    /// First and last byte.
    Part(RangeInclusive<u64>),
    /// Nothing that the file has.
    Beyond,
}

/// One range of bytes (RFC 9110 §14.1.2). Several ranges, other units and what can't
/// be parsed are ignored, as the RFC allows: the answer is the whole file.
fn range(value: &str, size: u64) -> Asked {
    let digits = |text: &str| -> Option<u64> {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse().ok())
            .flatten()
    };
    let Some((first, last)) = value
        .strip_prefix("bytes=")
        .and_then(|spec| spec.trim().split_once('-'))
    else {
        return Asked::Whole;
    };
    let asked = match (digits(first), digits(last)) {
        (Some(first), Some(last)) if first <= last => Some((first, last)),
        (Some(first), None) if last.is_empty() => Some((first, u64::MAX)),
        // The last so many bytes.
        (None, Some(count)) if first.is_empty() => match count {
            0 => return Asked::Beyond,
            count => Some((size.saturating_sub(count), u64::MAX)),
        },
        _ => None,
    };
    match asked {
        None => Asked::Whole,
        Some((first, _)) if size <= first => Asked::Beyond,
        Some((first, last)) => Asked::Part(first..=last.min(size - 1)),
    }
}

/// `Content-Disposition` (RFC 6266) that saves under `name`: once in ASCII for old
/// clients, once in UTF-8 (RFC 8187 §3.2.1).
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    let mut full = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            full.push(char::from(byte));
        } else {
            full.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_anything_else_is_the_whole() {
        let check =
            |value: &str, expected: Asked| assert_eq!(range(value, 10), expected, "{value}");
        check("bytes=0-3", Asked::Part(0..=3));
        check("bytes=4-", Asked::Part(4..=9));
        check("bytes=4-99", Asked::Part(4..=9));
        check("bytes=-3", Asked::Part(7..=9));
        check("bytes=-99", Asked::Part(0..=9));
        check("bytes=10-", Asked::Beyond);
        check("bytes=-0", Asked::Beyond);
        check("bytes=3-2", Asked::Whole);
        check("bytes=0-1,3-4", Asked::Whole);
        check("bytes=+1-2", Asked::Whole);
        check("bytes=99999999999999999999-", Asked::Whole);
        check("lines=1-2", Asked::Whole);
        assert_eq!(range("bytes=0-", 0), Asked::Beyond);
    }

    #[test]
    fn a_name_can_not_leave_its_header() {
        assert_eq!(
            attachment("a\"b\\c é%.txt"),
            "attachment; filename=\"a_b_c __.txt\"; filename*=UTF-8''a%22b%5Cc%20%C3%A9%25.txt"
        );
    }
}
