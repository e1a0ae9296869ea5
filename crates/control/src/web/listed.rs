//! Own pages with their addresses: the list is made with the router, so whoever tries them
//! all tries what there is.

use axum::{Router, routing::MethodRouter};

use crate::state::State;

/// Addresses below the prefix with what answers there.
#[derive(Default)]
pub(crate) struct Listed {
    router: Router<State>,
    list: Vec<&'static str>,
}

impl Listed {
    /// One more address.
    pub(super) fn route(mut self, path: &'static str, answers: MethodRouter<State>) -> Self {
        self.list.push(path);
        self.router = self.router.route(path, answers);
        self
    }

    /// Those of both.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self.router = self.router.merge(other.router);
        self
    }

    pub(super) fn router(self) -> Router<State> {
        self.router
    }

    /// Each address, below the prefix and without its `/`.
    pub(super) fn list(self) -> Vec<&'static str> {
        let all = self.list.into_iter();
        all.map(|path| path.trim_start_matches('/')).collect()
    }
}
