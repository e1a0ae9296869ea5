//! What only the staff is to see. The application asks nobody who they are: the gateway
//! lets only the group `staff` get here.

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    App,
    identity::Visitor,
    pages::{OfficePage, page},
};

/// The figures of the book.
pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    let figures = app.book().figures();
    page(StatusCode::OK, &OfficePage { visitor, figures })
}
