//! The text of a number as C's `strtod` reads it, taken apart but not yet rounded.

/// A number before rounding.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Shape<'a> {
    /// `0.digits × 10^exp`, `digits` (a point may stand among them) starting with a non-zero one. Empty: zero.
    Decimal { digits: &'a [u8], exp: i64 },
    /// `mantissa × 2^exp`; `sticky` if non-zero digits below the mantissa were dropped.
    Hex { mantissa: u128, sticky: bool, exp: i64 },
    /// Infinity.
    Infinite,
}

/// Exponents beyond this are held at it: far outside of every format, far from overflow.
const EXPONENT_MAX: i64 = 1 << 40;

/// Takes all of `text` apart, sign first; `None` if `strtod` would leave something, and for not-a-number.
pub(super) fn parse(text: &[u8]) -> Option<(bool, Shape<'_>)> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let shape = match text {
        [b'0', b'x' | b'X', digits @ ..] => hex(digits)?,
        [b'i' | b'I', ..] => {
            let word = text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity");
            word.then_some(Shape::Infinite)?
        }
        digits => decimal(digits)?,
    };
    Some((negative, shape))
}

/// Splits at an exponent mark and reads the exponent.
fn split_exponent(text: &[u8], mark: u8) -> Option<(&[u8], i64)> {
    let Some(at) = text.iter().position(|b| b.eq_ignore_ascii_case(&mark)) else { return Some((text, 0)) };
    let (negative, digits) = match &text[at + 1..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let exp = digits.iter().fold(0, |n: i64, b| (n * 10 + i64::from(b - b'0')).min(EXPONENT_MAX));
    Some((&text[..at], if negative { -exp } else { exp }))
}

/// Length of the digits before the point, or of all if there is no point; `None` unless there is a digit, at most
/// one point, and nothing else.
fn integer_len(mantissa: &[u8], is_digit: impl Fn(&u8) -> bool) -> Option<usize> {
    let point = mantissa.iter().position(|b| *b == b'.');
    let integer = point.unwrap_or(mantissa.len());
    let fraction = point.map_or(&[][..], |p| &mantissa[p + 1..]);
    let digits = integer + fraction.len();
    (digits > 0 && mantissa[..integer].iter().chain(fraction).all(is_digit)).then_some(integer)
}

fn decimal(text: &[u8]) -> Option<Shape<'_>> {
    let (mantissa, exp) = split_exponent(text, b'e')?;
    let integer = integer_len(mantissa, u8::is_ascii_digit)?;
    let Some(first) = mantissa.iter().position(|b| (b'1'..=b'9').contains(b)) else {
        return Some(Shape::Decimal { digits: &[], exp: 0 });
    };
    let places = if first < integer { (integer - first) as i64 } else { -((first - integer - 1) as i64) };
    Some(Shape::Decimal { digits: &mantissa[first..], exp: exp + places })
}

fn hex(text: &[u8]) -> Option<Shape<'_>> {
    let (digits, exp) = split_exponent(text, b'p')?;
    let integer = integer_len(digits, u8::is_ascii_hexdigit)?;
    let (mut mantissa, mut sticky, mut exp) = (0u128, false, exp);
    for (i, b) in digits.iter().enumerate() {
        if *b == b'.' {
            continue;
        }
        let digit = char::from(*b).to_digit(16)?;
        if mantissa >> 124 == 0 {
            mantissa = mantissa << 4 | u128::from(digit);
            exp -= if i > integer { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exp += if i > integer { 0 } else { 4 };
        }
    }
    Some(Shape::Hex { mantissa, sticky, exp })
}

/// A binary floating point format.
pub(super) struct Format {
    /// Bits of the mantissa.
    pub bits: i64,
    /// Exponent of the last bit of the mantissa of the smallest numbers.
    pub exp_min: i64,
    /// The same of the greatest numbers.
    pub exp_max: i64,
}

/// What rounding to a format gave.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Rounded {
    /// `mantissa × 2^exp`, as many bits as the format has unless `exp` is its least; (0, least) is zero.
    Finite { mantissa: u64, exp: i64 },
    /// Beyond the greatest.
    Overflow,
}

impl Format {
    /// Rounds `mantissa × 2^exp` to nearest, ties to even. `sticky`: the exact value is a little above it; then
    /// the mantissa must have at least two bits more than the format.
    pub fn round(&self, mantissa: u128, exp: i64, sticky: bool) -> Rounded {
        if mantissa == 0 {
            assert!(!sticky);
            return Rounded::Finite { mantissa: 0, exp: self.exp_min };
        }
        let width = 128 - i64::from(mantissa.leading_zeros());
        assert!(!sticky || width >= self.bits + 2);
        let drop = (width - self.bits).max(self.exp_min - exp);
        if exp + drop > self.exp_max {
            return Rounded::Overflow;
        }
        if drop <= 0 {
            return Rounded::Finite { mantissa: (mantissa << -drop) as u64, exp: exp + drop };
        }
        let (mut kept, above, tie) = match drop {
            1..128 => {
                let half = 1 << (drop - 1);
                let rest = mantissa & ((half << 1) - 1);
                (mantissa >> drop, rest > half || rest == half && sticky, rest == half && !sticky)
            }
            128 => {
                (0, mantissa > 1 << 127 || mantissa == 1 << 127 && sticky, mantissa == 1 << 127 && !sticky)
            }
            _ => (0, false, false),
        };
        kept += u128::from(above || tie && kept & 1 == 1);
        let mut exp = exp + drop;
        if kept >> self.bits != 0 {
            kept >>= 1;
            exp += 1;
        }
        if exp > self.exp_max { Rounded::Overflow } else { Rounded::Finite { mantissa: kept as u64, exp } }
    }
}
