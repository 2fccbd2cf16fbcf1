//! A whole small world for the tests of services: a fresh database, a clock that moves on demand, seeded chance, ports that remember.
