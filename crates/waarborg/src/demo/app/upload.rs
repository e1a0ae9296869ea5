//! Files coming in: streamed to the disk, never whole in memory.

use std::{future::poll_fn, io, pin::Pin, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use tokio::{fs::File, io::AsyncWriteExt as _, time::timeout};

use super::{
    App,
    book::{Kept, Unkept},
    customers::show_with,
    identity::Visitor,
    multipart::{Malformed, Piece, Reader},
    pages::{self, At},
    space::{Draft, Full, MAX_FILE_BYTES},
};

/// What a form adds around its file, at most.
const FORM_BYTES: u64 = 64 * 1024;
/// Longest name of a file that is kept, in characters.
const MAX_NAME_CHARS: usize = 120;
/// A client that sends nothing for so long is cut off.
const IDLE: Duration = Duration::from_secs(60);

/// Why an upload wasn't kept.
#[derive(Debug, thiserror::Error)]
enum UploadError {
    #[error("The upload wasn't a form with one file: {0}.")]
    Malformed(#[from] Malformed),
    #[error("Choose a file first.")]
    NoFile,
    #[error("A file has at most 1 GiB.")]
    TooLarge,
    #[error("There is no room: all files together have at most 2 GiB. Delete some first.")]
    NoRoom,
    #[error("Too many uploads at once. Try again in a moment.")]
    Busy,
    #[error("Nothing came for a minute.")]
    Idle,
    #[error("The connection broke.")]
    Broken,
    #[error("{0}")]
    Unkept(#[from] Unkept),
    #[error("The file couldn't be stored.")]
    Disk(#[from] io::Error),
}

impl UploadError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(Malformed::ContentType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed(_) | Self::Broken => StatusCode::BAD_REQUEST,
            Self::NoFile => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom | Self::Unkept(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Idle => StatusCode::REQUEST_TIMEOUT,
            Self::Disk(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Full> for UploadError {
    fn from(full: Full) -> Self {
        match full {
            Full::File => Self::TooLarge,
            Full::Space => Self::NoRoom,
        }
    }
}

/// `POST /customers/{customer}/files`.
pub(super) async fn receive(
    State(app): State<App>,
    visitor: Visitor,
    At(customer): At<u32>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !app.has(customer) {
        return pages::not_found(visitor).await;
    }
    match store(&app, &visitor, customer, &headers, body).await {
        Ok(()) => Redirect::to(&format!("/customers/{customer}#files")).into_response(),
        Err(error) => {
            if let UploadError::Disk(source) = &error {
                tracing::warn!(error = %source, "an upload couldn't be stored");
            }
            let status = error.status();
            show_with(&app, visitor, customer, status, |page| {
                page.upload_error = error.to_string();
            })
            .await
        }
    }
}

async fn store(
    app: &App,
    visitor: &Visitor,
    customer: u32,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<(), UploadError> {
    let _place = app.0.uploads.try_acquire().map_err(|_| UploadError::Busy)?;
    // Said in advance, a file that can't fit needn't be sent.
    if MAX_FILE_BYTES + FORM_BYTES < body.size_hint().lower() {
        return Err(UploadError::TooLarge);
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut reader = Reader::new(content_type, "file")?;
    let id = app.book().reserve_file(customer)?;
    let mut coming: Option<Coming> = None;
    let mut around = 0_u64;
    while let Some(bytes) = next(&mut body).await? {
        around = around.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if MAX_FILE_BYTES + FORM_BYTES < around {
            return Err(UploadError::TooLarge);
        }
        reader.push(&bytes);
        while let Some(piece) = reader.next()? {
            match (piece, &mut coming) {
                (Piece::Begin(name), None) => {
                    let name = plain_name(&name).ok_or(UploadError::NoFile)?;
                    let (file, draft) = app.0.space.draft(id).await?;
                    coming = Some(Coming { name, file, draft });
                }
                (Piece::Data(data), Some(coming)) => {
                    coming.draft.grow(data.len())?;
                    coming.file.write_all(&data).await?;
                }
                (Piece::End, Some(coming)) => coming.file.flush().await?,
                // The reader gives one beginning, and data only after it.
                (Piece::Begin(_), Some(_)) | (Piece::Data(_) | Piece::End, None) => {
                    return Err(UploadError::Malformed(Malformed::Parts));
                }
            }
        }
    }
    reader.finish()?;
    let Coming { name, draft, .. } = coming.ok_or(UploadError::NoFile)?;
    let kept = Kept {
        id,
        name,
        bytes: draft.bytes(),
        by: visitor.shown(),
        at: app.0.clock.now(),
    };
    app.book().add_file(customer, kept)?;
    draft.keep();
    Ok(())
}

/// A file of which some has come.
struct Coming {
    name: String,
    file: File,
    draft: Draft,
}

/// The next bytes of the body; `None` at its end. Trailers are ignored.
async fn next(body: &mut Body) -> Result<Option<Bytes>, UploadError> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
        match timeout(IDLE, frame).await {
            Err(_) => return Err(UploadError::Idle),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(UploadError::Broken),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// The last part of a path, without control characters, cut to a fair length; `None`
/// where no file was chosen. It is only shown and sent back: on the disk, a file is
/// called by its id.
fn plain_name(sent: &str) -> Option<String> {
    let last = sent.rsplit(['/', '\\']).next()?;
    let name: String = last
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME_CHARS)
        .collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// `POST /customers/{customer}/files/{file}/delete`.
pub(super) async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    At((customer, file)): At<(u32, u64)>,
) -> Response {
    let deleted = app.book().delete_file(customer, file);
    let Ok(kept) = deleted else {
        return pages::not_found(visitor).await;
    };
    if let Err(error) = app.0.space.remove(kept.id, kept.bytes).await {
        // Its room stays taken, because its bytes may still lie there.
        tracing::warn!(%error, "a deleted upload couldn't be removed from the disk");
    }
    Redirect::to(&format!("/customers/{customer}#files")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_keeps_its_last_part_only() {
        let check = |sent: &str, expected: Option<&str>| {
            assert_eq!(plain_name(sent).as_deref(), expected, "{sent}");
        };
        check("plan.pdf", Some("plan.pdf"));
        check("C:\\Users\\Emma\\plan.pdf", Some("plan.pdf"));
        check("../../etc/passwd", Some("passwd"));
        check("caf\u{e9}\r\n.txt", Some("caf\u{e9}.txt"));
        check("", None);
        check("..\\ ", None);
        assert_eq!(plain_name(&"x".repeat(500)).unwrap().len(), MAX_NAME_CHARS);
    }
}
