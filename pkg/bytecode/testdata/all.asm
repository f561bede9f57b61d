feature-set "every instruction" activity "Golden" state "<ready>" takes "user" file "golden.aro" line 2
  guard     body
  entry     request r0, event r1
  locals    user r3
code
      .at 2:1
       NOT r2, r1
       SKIP r2
body:
      .at 3:3 stmt 0
       GET r3, r0, request.body.user
       GETQ r4, r0, request.body.nick
       EXTRACT r5, r0, request.first
       VALUE r6, r0
       INDEX r7, r6, r5
       ENV r8, now
       ENVQ r8, now, n=1
       NAME r9, r3, total
       NAMEQ r9, r3, total
       UNSET r4, 2
       MOVE r4, r3
       CONST r10, "text"
       CONST r11, {"list": [1, 2.5, null, true], "re": regex "^a+$" "i"}
       OBJ r12, {id, name}, r10
       LIST r13, r10, 3
       CAT r13, r13, r13
       CONCAT r14, r10, 2
       ADD r14, r10, r11
       ADDK r14, r10, 1, n=1
       SUB r14, r10, r11
       MUL r14, r10, r11
       DIV r14, r10, r11
       MOD r14, r10, r11
       NEG r14, r14
       TRUTH r14, r14
       EQ r15, r10, r11
       NE r15, r10, r11
       LT r15, r10, r11
       LE r15, r10, r11
       GT r15, r10, r11
       GE r15, r10, r11
       CONTAINS r15, r10, r11
       MATCHES r15, r10, r11
       TEST r15, r10, empty, n=1
      .at 4:3 stmt 1
       SHARED r16, r15, -> calls
       JT r15, -> calls
       JF r15, -> calls
       JLT r10, r11, -> calls
       JLTK r10, 7, -> calls
       JGE r10, r11, -> calls, n=1
       JGEK r10, 7, -> calls, n=1
       JEQK r10, 7, -> calls
       MATCHK r10, "text", -> calls
       MATCHV r10, r11, -> calls
       MATCHR r10, 1 .. 5, -> calls
      .at 5:3
       RANGE r17:r18, -> each
again: EXPORT r17, total
       STEP r17:r18, r19, -> again
each:  ITER r17:r18, r13
next:  NEXT r17:r18, r19, -> calls
       PRINT r19, n=2
       TEXT "<br>"
       LOOP -> next
calls:
      .at 6:3 stmt 1
       ACT r3, site 0, r10
       ACT _, site 1, r3
       FORK r19, _, -> after
       END
after: COVER
       JMP -> done
done:  END
sites
   0  retrieve <user> from <user-repository> args [where, where, limit] where (and (id = arg0) (or (age between arg0+2) (not (name empty)))) order [name desc, address.city] extra r20 stmt 0
   1  log <: "a.b" quoted> to <console: out> composed literal args [object, named] named [colour] method PUT scope [user r3] stmt 1
statements
   0  Retrieve at 3:3 result user prep from object user-repository where ["where id = ", {user.id!}]
   1  Log at 4:3 prep to object console expr ["hello"] guard trace [user] scope [user r3]
