//! Good examples, damaged a little more each time, the same way on every run.

pub struct Damage {
    seeds: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    state: u64,
}

/// No reader of ours takes longer texts than this without refusing them first.
const LONGEST: usize = 16 * 1024;

impl Damage {
    pub fn new(seeds: Vec<Vec<u8>>, words: Vec<Vec<u8>>) -> Self {
        Self { seeds, words, state: 0x9E37_79B9_7F4A_7C15 }
    }

    /// Marsaglia's xorshift64.
    fn random(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % below.max(1) as u64) as usize
    }

    pub fn next_input(&mut self) -> Vec<u8> {
        let which = self.random(self.seeds.len());
        let mut input = self.seeds[which].clone();
        for _ in 0..=self.random(6) {
            self.damage(&mut input);
        }
        input.truncate(LONGEST);
        // what was damaged may be damaged further
        if self.random(50) == 0 && self.seeds.len() < 200 {
            self.seeds.push(input.clone());
        }
        input
    }

    fn damage(&mut self, input: &mut Vec<u8>) {
        let at = self.random(input.len() + 1);
        let end = (at + self.random(40)).min(input.len());
        match self.random(8) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => {
                let bit = 1 << self.random(8);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= bit;
                }
            }
            3 => {
                let byte = self.random(256) as u8;
                input.insert(at, byte);
            }
            4 | 5 => {
                let which = self.random(self.words.len());
                input.splice(at..end, self.words[which].clone());
            }
            6 => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            _ => {
                let which = self.random(self.seeds.len());
                let from = self.random(self.seeds[which].len());
                input.splice(at..end, self.seeds[which][from..].iter().copied());
            }
        }
    }
}
