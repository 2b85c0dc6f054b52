from services.email.main import main

main()
