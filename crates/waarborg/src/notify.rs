//! systemd's notification socket (`sd_notify(3)`): which process serves, and since when.
//! Without `NOTIFY_SOCKET` nothing is said.

use std::{
    env, io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
};

/// Says that this process serves: after an upgrade it is another than before.
pub(crate) fn ready() {
    let Some(name) = env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let said = format!("MAINPID={}\nREADY=1\n", std::process::id());
    if let Err(error) = tell(name.as_bytes(), said.as_bytes()) {
        tracing::warn!(%error, "systemd could not be told that this process serves");
    }
}

fn tell(name: &[u8], what: &[u8]) -> io::Result<()> {
    let address = match name.split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
    };
    UnixDatagram::unbound()?.send_to_addr(what, &address)?;
    Ok(())
}
