//! The control plane: own pages, storage, outboxes, ledger, drills.
