//! Licence expressions (SPDX 2.3, annex D): `AND` binds closer than `OR`, `WITH` belongs
//! to the name before it; crates of old write `/` for `OR`.

/// Whether the licences allowed are enough to use what carries this expression.
pub(super) fn satisfied(
    expression: &str,
    allowed: impl Fn(&str) -> bool,
) -> Result<bool, &'static str> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        allowed: &allowed,
    };
    let result = reader.either(0)?;
    if reader.words.is_empty() {
        Ok(result)
    } else {
        Err("something follows its end")
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a dyn Fn(&str) -> bool,
}

/// How deep parentheses may nest; real ones have one level.
const DEPTH_MAX: usize = 16;

impl<'a> Reader<'a> {
    fn take(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    fn either(&mut self, depth: usize) -> Result<bool, &'static str> {
        let mut result = self.both(depth)?;
        while self.take("OR") {
            result |= self.both(depth)?;
        }
        Ok(result)
    }

    fn both(&mut self, depth: usize) -> Result<bool, &'static str> {
        let mut result = self.one(depth)?;
        while self.take("AND") {
            result &= self.one(depth)?;
        }
        Ok(result)
    }

    fn one(&mut self, depth: usize) -> Result<bool, &'static str> {
        if self.take("(") {
            if depth == DEPTH_MAX {
                return Err("parentheses nest too deep");
            }
            let result = self.either(depth + 1)?;
            return if self.take(")") {
                Ok(result)
            } else {
                Err("a parenthesis isn't closed")
            };
        }
        let name = self.name()?;
        if self.take("WITH") {
            let exception = self.name()?;
            return Ok((self.allowed)(&format!("{name} WITH {exception}")));
        }
        Ok((self.allowed)(name))
    }

    fn name(&mut self) -> Result<&'a str, &'static str> {
        match self.words.split_first() {
            Some((word, rest)) if !["(", ")", "AND", "OR", "WITH"].contains(word) => {
                self.words = rest;
                Ok(word)
            }
            _ => Err("a licence's name is missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    #[test]
    fn expressions_mean_what_spdx_says() {
        let allowed = |name: &str| ["MIT", "ISC", "A WITH e"].contains(&name);
        let check = |text, expected| assert_eq!(satisfied(text, allowed), expected, "{text}");
        check("MIT", Ok(true));
        check("GPL", Ok(false));
        check("GPL OR MIT", Ok(true));
        check("GPL/MIT", Ok(true));
        check("GPL AND MIT", Ok(false));
        check("GPL OR MIT AND GPL", Ok(false));
        check("(GPL OR MIT) AND ISC", Ok(true));
        check("A WITH e", Ok(true));
        check("MIT WITH e", Ok(false));
        check("A", Ok(false));
        assert!(satisfied("MIT OR", allowed).is_err());
        assert!(satisfied("(MIT", allowed).is_err());
        assert!(satisfied("MIT ISC", allowed).is_err());
        assert!(satisfied("", allowed).is_err());
    }
}
