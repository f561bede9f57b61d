package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Report is what Check and Repair found in a folder.
type Report struct {
	Damage       *DamageError // nil when everything is as it was written
	Torn         int64        // bytes of a last write that a crash cut off: no damage
	Repositories []Count      // what was read, in front of the damage if there is one
	Kept         []string     // names of the old files that Repair put aside
}

// Count is a repository and the number of its rows.
type Count struct {
	Name string
	Rows int
}

// Check reads a folder and changes nothing in it. A folder that a process has is an
// error, as is one that cannot be read.
func Check(dir string) (*Report, error) {
	release, err := lockExisting(dir)
	if err != nil {
		return nil, err
	}
	defer release()
	r, _, err := inspect(dir)
	return r, err
}

// Repair makes a damaged folder one that opens, with everything that is in front of
// the damage. The old files stay beside the new ones under names that end in .damaged.
// A folder without damage is left alone.
func Repair(dir string) (*Report, error) {
	release, err := lockExisting(dir)
	if err != nil {
		return nil, err
	}
	defer release()
	report, l, err := inspect(dir)
	if err != nil || report.Damage == nil {
		return report, err
	}
	list, err := listFolder(folder(dir))
	if err != nil {
		return report, err
	}
	number := uint64(1)
	var old []string
	for _, n := range list.logs {
		number = max(number, n+1)
		old = append(old, fmt.Sprint("log-", n))
	}
	for _, n := range list.snapshots {
		number = max(number, n+1)
		old = append(old, fmt.Sprint("snapshot-", n))
	}
	for _, name := range old {
		// A second name first: at no moment is the only copy without one.
		aside := filepath.Join(dir, name+".damaged")
		if err := os.Link(filepath.Join(dir, name), aside); err != nil && !errors.Is(err, os.ErrExist) {
			return report, err
		}
		report.Kept = append(report.Kept, name+".damaged")
	}
	e := l.e
	e.log.position, e.log.durable = l.position, l.position
	e.log.previous = header{number: number - 1}
	if err := e.log.openSegment(l.position + 1); err != nil {
		return report, err
	}
	if err := e.log.segment.f.Close(); err != nil {
		return report, err
	}
	if _, err := e.writeSnapshot(number); err != nil {
		return report, err
	}
	return report, e.deleteBefore(number)
}

// lockExisting takes the lock of a folder that must be there.
func lockExisting(dir string) (release func(), err error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	release, err = lockFolder(filepath.Join(dir, "LOCK"))
	var locked *LockedError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("the data folder %s is in use: %w; end it first", dir, err)
	}
	return release, err
}

// inspect reads as much of a folder as can be read.
func inspect(dir string) (*Report, *loader, error) {
	e := &Engine{dir: dir, fs: folder(dir)}
	e.log.init(e, Options{})
	l := newLoader(e.fs, e)
	report := &Report{}
	if err := l.load(); err != nil && !errors.As(err, &report.Damage) {
		return nil, nil, err
	}
	damage := report.Damage
	report = l.report()
	report.Damage = damage
	return report, l, nil
}

// report says what was read.
func (l *loader) report() *Report {
	r := &Report{Torn: l.torn}
	for _, name := range l.e.Names() {
		r.Repositories = append(r.Repositories, Count{name, l.e.open(name).Count()})
	}
	return r
}
