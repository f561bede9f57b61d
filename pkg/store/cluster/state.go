package cluster

// maybeState appends all rows when the entries since they were last appended have
// become long, and forgets what is in front of the state before. If another process writes
// meanwhile, it is for the next time.
func (r *repository) maybeState() {
	r.mu.Lock()
	if r.grown < max(r.e.o.StateSize, 2*r.size) || r.turn != nil || r.gap != nil || r.closed || r.partly.next > 0 || r.ending != nil {
		r.mu.Unlock()
		return
	}
	r.Lock()
	s := r.State()
	r.Unlock()
	en := &entry{kind: entryState, number: numbers.Add(1), after: r.seq}
	r.ours = en
	r.mu.Unlock()
	en.body = appendState(nil, &s)
	if r.append(en) != nil {
		return
	}
	// Everybody may be a whole state behind before they miss an entry.
	r.mu.Lock()
	before := r.trim
	r.mu.Unlock()
	if before == 0 {
		return
	}
	if err := r.e.log.Trim(r.Name(), before); err != nil {
		r.e.o.Warn(err)
	}
}
