//! Input bytes as decisions: each read says what is wanted of it, and past the end everything is 0.

/// What is left of the input.
pub struct Script<'d>(&'d [u8]);

impl<'d> Script<'d> {
    pub fn new(data: &'d [u8]) -> Self {
        Self(data)
    }

    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `count`, which is not 0.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// One of some things, if there is any.
    pub fn of<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        let at = usize::from(self.byte());
        things.get(at % things.len().max(1))
    }

    /// The next bytes, as many as a byte says, or fewer at the end.
    pub fn bytes(&mut self) -> &'d [u8] {
        let len = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }
}
