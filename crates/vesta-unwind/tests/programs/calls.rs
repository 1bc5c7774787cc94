// What a Rust program does before, in and after main, with closures, trait objects, a caught panic and formatting.
use std::collections::BTreeMap;
use std::hint::black_box;

trait Shape {
    fn area(&self) -> u64;
}
struct Square(u64);
struct Circle(u64);
impl Shape for Square {
    #[inline(never)]
    fn area(&self) -> u64 {
        self.0 * self.0
    }
}
impl Shape for Circle {
    #[inline(never)]
    fn area(&self) -> u64 {
        self.0 * 3
    }
}

#[inline(never)]
fn recursive(n: u64) -> u64 {
    if n == 0 { 1 } else { black_box(recursive(n - 1)) + n }
}

#[inline(never)]
fn panics(n: u64) -> u64 {
    let text = format!("{n}");
    if black_box(n) > 2 {
        std::panic::resume_unwind(Box::new(text));
    }
    n
}

fn main() {
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!("int3")
    };
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(3)), Box::new(Circle(4))];
    let area: u64 = shapes.iter().map(|shape| shape.area()).sum();
    let map: BTreeMap<u64, String> = (0..20).map(|n| (n * 7 % 20, n.to_string())).collect();
    let caught = std::panic::catch_unwind(|| panics(3)).is_err();
    println!("{} {} {} {}", area, map.len(), caught, recursive(12));
}
