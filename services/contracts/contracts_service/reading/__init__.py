"""What was read of a contract besides its fields, what reading costs, and what two readings differ in."""
