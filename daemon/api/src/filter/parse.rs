//! From words to conditions.

mod term;

use std::borrow::Cow;

use self::term::term;
use super::Filter;
use super::edit::nearest;
use super::error::{Fault, FilterError};
use super::expression::Expression;
use super::scan::Scanner;
use super::term::{Side, Term, Which};
use super::value::Network;
use super::words::{Key, WORDS, Word};

/// `None` for an empty one.
pub(super) fn expression(text: &str) -> Result<Option<Expression>, FilterError> {
    let mut parser = Parser::new(text);
    parser.whole().map_err(|(place, fault)| {
        let before = text.get(..place).unwrap_or_default();
        // A megabyte is refused without a look at it.
        let column =
            if before.len() > Filter::LONGEST { 1 } else { before.chars().count().saturating_add(1) };
        fault.at(column)
    })
}

/// What could go on behind `text`; `None` if it is wrong, or complete and nothing fits.
pub(super) fn wanted(text: &str) -> Option<Wanted> {
    let mut parser = Parser::new(text);
    let _ = parser.whole();
    parser.wanted
}

/// What may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A condition, or `not`.
    Condition,
    /// Something that has ends.
    Sided,
    /// A value for this.
    Value(Key),
    /// `and` or `or`, or another condition.
    Joint,
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    length: usize,
    conditions: usize,
    wanted: Option<Wanted>,
}

/// What is wrong at a place in bytes.
type Error = (usize, Fault);

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self { scanner: Scanner::new(text), length: text.len(), conditions: 0, wanted: None }
    }

    fn whole(&mut self) -> Result<Option<Expression>, Error> {
        if self.length > Filter::LONGEST {
            return Err((0, Fault::TooLong(self.length)));
        }
        if self.ends_where(Wanted::Condition) {
            return Ok(None);
        }
        let expression = self.any(0)?;
        if self.ends_where(Wanted::Joint) {
            return Ok(expression);
        }
        Err((self.scanner.place(), Fault::NotOpen))
    }

    /// Joined by `or`.
    fn any(&mut self, depth: usize) -> Result<Option<Expression>, Error> {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.all(depth)?);
            if !self.joint("||", Word::Or) {
                return Ok(Expression::any(parts));
            }
        }
    }

    /// Joined by `and`, or by nothing.
    fn all(&mut self, depth: usize) -> Result<Option<Expression>, Error> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.one(depth)?);
            if self.joint("&&", Word::And) {
                continue;
            }
            let ends = self.ends_where(Wanted::Joint)
                || self.scanner.peek() == Some(')')
                || self.is_next("||", Word::Or);
            if ends {
                return Ok(Expression::all(parts));
            }
        }
    }

    fn one(&mut self, depth: usize) -> Result<Expression, Error> {
        let mut is_opposite = false;
        while self.joint("!", Word::Not) {
            is_opposite = !is_opposite;
        }
        let missing = |place, after| Err((place, Fault::NoCondition(after)));
        if self.ends_where(Wanted::Condition) {
            return missing(self.scanner.place(), " here");
        }
        let place = self.scanner.place();
        let expression = if self.scanner.take("(") {
            if depth == Filter::DEEPEST {
                return Err((place, Fault::TooDeep));
            }
            let inside = self.any(depth.saturating_add(1))?;
            if self.ends_where(Wanted::Joint) {
                return Err((place, Fault::OpenParenthesis));
            }
            self.scanner.take(")");
            inside.ok_or((place, Fault::NoCondition(" in these parentheses")))?
        } else {
            self.condition()?
        };
        Ok(if is_opposite { Expression::not(expression) } else { expression })
    }

    fn condition(&mut self) -> Result<Expression, Error> {
        let place = self.scanner.place();
        self.conditions = self.conditions.saturating_add(1);
        if self.conditions > Filter::MOST_CONDITIONS {
            return Err((place, Fault::TooMany));
        }
        if let Some(address) = self.address(Side::Either)? {
            return Ok(address);
        }
        let (name, word) = self.known()?;
        match word {
            Word::Flag(flag) => self.alone(word, Term::Flag(flag)),
            Word::Protocol(number) => self.alone(word, Term::Protocol(number)),
            Word::Key(key) => self.valued(key, Side::Either),
            Word::At(which) => self.sided(which),
            Word::And | Word::Or | Word::Not => Err((
                place,
                Fault::NoCondition(match name.len() {
                    2 => " before \"or\"",
                    _ => " before \"and\"",
                }),
            )),
        }
    }

    /// Behind `src` or `dst`.
    fn sided(&mut self, which: Which) -> Result<Expression, Error> {
        // src=10.0.0.1
        let _ = self.scanner.take("==") || self.scanner.take("=");
        if self.ends_where(Wanted::Sided) {
            return Err((self.scanner.place(), Fault::NoCondition(": ip, port, pod or node")));
        }
        let side = Side::One(which);
        if let Some(address) = self.address(side)? {
            return Ok(address);
        }
        let place = self.scanner.place();
        match self.known()? {
            (_, Word::Key(key)) if key.has_ends() => self.valued(key, side),
            (name, _) => Err((place, Fault::NoEnds(Fault::shown(name)))),
        }
    }

    /// An address without a word before it.
    fn address(&mut self, side: Side) -> Result<Option<Expression>, Error> {
        let place = self.scanner.place();
        let chunk = self.scanner.chunk();
        let is_address = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
        if !chunk.split('/').next().is_some_and(is_address) {
            return Ok(None);
        }
        let network = Network::read(chunk).map_err(|fault| (place, fault))?;
        self.scanner.skip(chunk.len());
        Ok(Some(Expression::Term(Term::Address(side, network))))
    }

    /// The word that comes next.
    fn known(&mut self) -> Result<(&'a str, Word), Error> {
        let place = self.scanner.place();
        let name = self.scanner.word();
        if name.is_empty() {
            let stray = self.scanner.peek().map(String::from).unwrap_or_default();
            let fault = if stray == ")" {
                Fault::NoCondition(" before \")\"")
            } else {
                Fault::Stray(Fault::shown(&stray))
            };
            return Err((place, fault));
        }
        let word = Word::of(name).ok_or_else(|| {
            (
                place,
                Fault::NoSuchWord(Fault::shown(name), nearest(name, WORDS.iter().map(|entry| entry.name))),
            )
        })?;
        self.scanner.skip(name.len());
        Ok((name, word))
    }

    fn alone(&mut self, word: Word, term: Term) -> Result<Expression, Error> {
        let place = self.scanner.place();
        if self.scanner.peek() == Some('=') || self.scanner.take("!=") {
            return Err((place, Fault::TakesNone(word.name())));
        }
        Ok(Expression::Term(term))
    }

    fn valued(&mut self, key: Key, side: Side) -> Result<Expression, Error> {
        let is_opposite = self.scanner.take("!=");
        let is_joined = is_opposite || self.scanner.take("==") || self.scanner.take("=");
        let missing = (self.scanner.place(), Fault::NoValue(key.name(), key.takes()));
        if self.ends_where(Wanted::Value(key)) {
            return Err(missing);
        }
        let place = missing.0;
        let text = if let Some(text) = self.scanner.quotation().map_err(|fault| (place, fault))? {
            text
        } else {
            let chunk = self.scanner.chunk();
            let is_joint = matches!(Word::of(chunk), Some(Word::And | Word::Or | Word::Not));
            if chunk.is_empty() || (is_joint && !is_joined) {
                return Err(missing);
            }
            self.scanner.skip(chunk.len());
            Cow::Borrowed(chunk)
        };
        if text.len() > LONGEST_VALUE {
            return Err((place, Fault::LongValue(LONGEST_VALUE)));
        }
        let term = term(key, side, &text).map_err(|fault| (place, fault.unwrap_or(missing.1)))?;
        let expression = Expression::Term(term);
        Ok(if is_opposite { Expression::not(expression) } else { expression })
    }

    /// Goes past what joins conditions, as a symbol or as a word.
    fn joint(&mut self, symbol: &str, word: Word) -> bool {
        if !self.is_next(symbol, word) {
            return false;
        }
        if !self.scanner.take(symbol) {
            let length = self.scanner.word().len();
            self.scanner.skip(length);
        }
        true
    }

    fn is_next(&mut self, symbol: &str, word: Word) -> bool {
        Word::of(self.scanner.word()) == Some(word) || self.scanner.clone().take(symbol)
    }

    /// Whether the text ends here, where this could go on.
    fn ends_where(&mut self, wanted: Wanted) -> bool {
        let ends = self.scanner.is_at_end();
        self.wanted = ends.then_some(wanted);
        ends
    }
}

/// In bytes; names are shorter.
const LONGEST_VALUE: usize = 128;
