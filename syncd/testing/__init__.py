"""What connector authors test with: fake platforms with faults, and the conformance suite."""
