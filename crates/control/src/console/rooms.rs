//! The rooms of the console: their addresses with what answers there. The list of them is
//! made with the router, so whoever tries them all tries what there is.

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{get, post},
};

use crate::state::State;

/// Rooms, one after the other.
#[derive(Default)]
pub(super) struct Rooms {
    router: Router<State>,
    list: Vec<(Method, &'static str)>,
}

impl Rooms {
    /// A page.
    pub(super) fn get<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        self.list.push((Method::GET, path));
        self.router = self.router.route(path, get(handler));
        self
    }

    /// A change.
    pub(super) fn post<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        self.list.push((Method::POST, path));
        self.router = self.router.route(path, post(handler));
        self
    }

    pub(super) fn router(self) -> Router<State> {
        self.router
    }

    /// Method and path of each, below the console's own.
    pub(super) fn list(self) -> Vec<(Method, &'static str)> {
        let all = self.list.into_iter();
        // The console's own address has no slash behind it.
        all.map(|(method, path)| (method, path.trim_end_matches('/')))
            .collect()
    }
}
