package store

// SetIndexFrom changes the size from which indexes are made, for tests.
func SetIndexFrom(n int) (old int) {
	old, indexFrom = indexFrom, n
	return old
}
