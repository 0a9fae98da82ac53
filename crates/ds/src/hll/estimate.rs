//! From how often each register value occurs to a cardinality, after Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
//! (arXiv 1702.01284): no bias table, no switch between ranges.

use super::{REGISTERS, VALUE_MAX};

/// 1 / (2 ln 2)
const ALPHA: f64 = 0.5 / std::f64::consts::LN_2;

/// Values above [`VALUE_MAX`], which only untrusted bytes have, count for nothing.
pub fn cardinality(histogram: &[u32; 64]) -> u64 {
    let m = REGISTERS as f64;
    let share = |count: u32| f64::from(count) / m;
    let top = usize::from(VALUE_MAX);
    let mut z = m * tau((m - f64::from(histogram[top])) / m);
    for count in histogram[1..top].iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += m * sigma(share(histogram[0]));
    (ALPHA * m * m / z).round() as u64
}

/// Of the share of registers that are not at the top.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        y *= 0.5;
        let next = z - (1.0 - x).powi(2) * y;
        if next == z {
            return z / 3.0;
        }
        z = next;
    }
}

/// Of the share of registers that are 0.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let next = z + x * y;
        y += y;
        if next == z {
            return z;
        }
        z = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_zero() {
        let mut histogram = [0; 64];
        histogram[0] = REGISTERS as u32;
        assert_eq!(cardinality(&histogram), 0);
    }

    #[test]
    fn one_register_is_one() {
        let mut histogram = [0; 64];
        histogram[0] = REGISTERS as u32 - 1;
        histogram[2] = 1;
        assert_eq!(cardinality(&histogram), 1);
    }

    #[test]
    fn any_histogram_ends() {
        for value in 0..64 {
            let mut histogram = [0; 64];
            histogram[value] = REGISTERS as u32;
            cardinality(&histogram);
        }
    }
}
