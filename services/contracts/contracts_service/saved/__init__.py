"""What somebody wants to see again: columns of a grid, searches; his own, or shared with the organization."""
