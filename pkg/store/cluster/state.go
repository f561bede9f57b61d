package cluster

// maybeState appends all rows when the entries since they were last appended have
// become long, and forgets what is in front of them. If another process writes
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
	// The state itself begins behind the entry that it was made after.
	if err := r.e.log.Trim(r.Name(), en.after+1); err != nil {
		r.e.o.Warn(err)
	}
}
