// Package disk measures how many values of 200 bytes are put away in a second, each
// of them on the disk before its writer goes on: one writer, and 64.
package disk

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"
	_ "modernc.org/sqlite"
)

var text = string(make([]byte, 200))

// stores runs put for b.N ids, shared by some writers.
func stores(b *testing.B, writers int, put func(id int64) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range writers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := put(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stores/s")
}

// BenchmarkDisk gives each writer a transaction of its own.
func BenchmarkDisk(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, "/bbolt"), func(b *testing.B) {
			db, err := bbolt.Open(filepath.Join(b.TempDir(), "db"), 0o600, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			bucket := []byte("rows")
			db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(bucket); return err })
			run := db.Update
			if writers > 1 {
				run = db.Batch
			}
			stores(b, writers, func(id int64) error {
				return run(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(fmt.Append(nil, id), []byte(text)) })
			})
		})
		b.Run(fmt.Sprint(writers, "/SQLite"), func(b *testing.B) {
			db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(10000)")
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1) // SQLite has one writer; more connections only wait for each other
			if _, err := db.Exec("create table rows (id integer primary key, text text)"); err != nil {
				b.Fatal(err)
			}
			put, err := db.Prepare("insert into rows values (?, ?)")
			if err != nil {
				b.Fatal(err)
			}
			stores(b, writers, func(id int64) error { _, err := put.Exec(id, text); return err })
		})
	}
}
