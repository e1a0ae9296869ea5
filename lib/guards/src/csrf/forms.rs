//! The token of important actions, put into the forms of a page that streams by.
//!
//! A field stands right behind the tag of each form that is sent as a body (`method=post`)
//! to the page's own origin. It never goes elsewhere: not into a form with an address that
//! isn't plainly our own, nor into one within another (which browsers take for a part of
//! that), nor below a `<base>` that leads away; and not into comments, scripts, templates
//! and text. Where a browser may read the page otherwise than we do nothing is put in from
//! there on. So a form can lack its token, and is refused then; no form of a stranger gets
//! one.
//!
//! What isn't answered here: a button that sends a form of ours elsewhere (`formaction`),
//! written by whoever can put markup into the page. A policy with `form-action` stops that.

use crate::html::{Tag, Tags, after};

/// Puts the token into one page. It needs as much memory as a tag takes.
#[derive(Debug)]
pub struct Forms {
    tags: Tags,
    page: Page,
    field: Box<[u8]>,
    filled: u32,
}

/// What is known of the page so far.
#[derive(Debug)]
struct Page {
    authority: Box<str>,
    /// A form is open, in the page itself and in a template.
    open: bool,
    open_in_template: bool,
    templates: u32,
    /// Relative addresses lead away.
    away: bool,
}

impl Forms {
    /// For a page of `authority` (its public host, with the port if that isn't 443): `name`
    /// and `value` of the field are letters, digits, `-` and `_`.
    pub fn new(name: &str, value: &[u8], authority: &str) -> Self {
        let parts: [&[u8]; 5] = [
            b"<input type=\"hidden\" name=\"",
            name.as_bytes(),
            b"\" value=\"",
            value,
            b"\">",
        ];
        Self {
            tags: Tags::new(|name| matches!(name, b"form" | b"base")),
            page: Page {
                authority: authority.into(),
                open: false,
                open_in_template: false,
                templates: 0,
                away: false,
            },
            field: parts.concat().into(),
            filled: 0,
        }
    }

    /// Reads the next piece; it is appended, with the fields.
    pub fn fill(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let mut from = 0;
        let Self {
            tags,
            page,
            field,
            filled,
        } = self;
        tags.read(data, |tag, end| {
            if page.wants(tag) {
                out.extend_from_slice(data.get(from..end).unwrap_or_default());
                out.extend_from_slice(field);
                from = end;
                *filled = filled.saturating_add(1);
            }
        });
        out.extend_from_slice(data.get(from..).unwrap_or_default());
    }

    /// How many forms have got one.
    pub const fn filled(&self) -> u32 {
        self.filled
    }
}

impl Page {
    /// Whether a field is to stand behind a tag.
    fn wants(&mut self, tag: &Tag) -> bool {
        match (tag.is_end(), tag.name()) {
            (false, b"template") => self.templates = self.templates.saturating_add(1),
            (true, b"template") => {
                self.templates = self.templates.saturating_sub(1);
                if self.templates == 0 {
                    // It may have been none, such as in SVG.
                    self.open |= std::mem::take(&mut self.open_in_template);
                }
            }
            (true, b"form") if self.templates > 0 => self.open_in_template = false,
            (true, b"form") => self.open = false,
            (false, b"form") if self.templates > 0 => self.open_in_template = true,
            (false, b"form") => {
                let nested = std::mem::replace(&mut self.open, true);
                return !nested && !tag.is_doubtful() && !self.away && self.is_own(tag);
            }
            (false, b"base") => {
                let href = tag.attribute(b"href").unwrap_or_default();
                self.away |= tag.is_cut() || !leads_here(href, &self.authority);
            }
            _ => {}
        }
        false
    }

    fn is_own(&self, form: &Tag) -> bool {
        let method = form.attribute(b"method").unwrap_or_default();
        let action = form.attribute(b"action").unwrap_or_default();
        !form.is_cut()
            && method.eq_ignore_ascii_case(b"post")
            && leads_here(action, &self.authority)
    }
}

/// Whether an address as it is written leads to the page's own origin (WHATWG URL section
/// 4.4). What could be read in two ways doesn't: control characters, `\`, and character
/// references where a host or scheme could be.
fn leads_here(address: &[u8], authority: &str) -> bool {
    let address = address.trim_ascii();
    if address.iter().any(|byte| byte.is_ascii_control()) {
        return false;
    }
    let behind = |rest: Option<&[u8]>| {
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/' | b'?' | b'#')))
    };
    match address {
        [] | [b'?' | b'#', ..] | [b'/'] => true,
        [b'/', b'/', rest @ ..] => behind(after(rest, authority.as_bytes())),
        [b'/', second, ..] => !matches!(second, b'\\' | b'&'),
        _ => {
            let part = address.split(|byte| matches!(byte, b'/' | b'?' | b'#'));
            let first = part.into_iter().next().unwrap_or_default();
            if !first.iter().any(|byte| matches!(byte, b':' | b'&' | b'\\')) {
                return true;
            }
            let host = after(address, b"https://");
            behind(host.and_then(|host| after(host, authority.as_bytes())))
        }
    }
}

#[cfg(test)]
mod tests;
